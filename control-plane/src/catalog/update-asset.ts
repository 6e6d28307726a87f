// What an operator changes of an asset that is there: its title and labels, how many copies there are and where, for
// how long its source is kept, and files of subtitles that come later. Planning brings about what follows of it.
import { VsError } from "@vstream/core/errors.ts";
import { sourcePieceId } from "@vstream/core/ids.ts";
import { changeAsset, requireAsset } from "./assets.ts";
import type { AssetChanges, CatalogCommands } from "./catalog.ts";
import { writeEvent } from "./events.ts";
import { checkNodes } from "./homes.ts";
import { toJson } from "./json-column.ts";
import { mostLabels, setLabels } from "./labels.ts";
import { addLateSubtitles } from "./late-subtitles.ts";
import { checkPins } from "./pins.ts";
import type { AssetRecord } from "./records.ts";
import { hasStayingCopy } from "./staying-copy.ts";
import { searchText } from "./search-text.ts";
import type { AssetsTable, Db } from "./tables.ts";

/** One thing that becomes another. */
interface Change {
  /** For people. */
  readonly said: string;
  readonly columns: Partial<AssetsTable>;
  /** Players see it. */
  readonly isSeen?: boolean;
}

/** Nothing happens, and nothing is told, when all of it is so already. */
export async function updateAsset(
  db: Db,
  { assetId, changes, at, actor }: Parameters<CatalogCommands["updateAsset"]>[0],
): Promise<AssetRecord> {
  const before = await requireAsset(db, assetId);
  checkState(before, changes);
  const made = [
    changeTitle(before, changes),
    await changeLabels(db, before, changes),
    changeReplicas(before, changes),
    changeRegions(before, changes),
    await changePins(db, before, changes),
    await changeKeepSource(db, before, changes),
    await addLateSubtitles(db, before, changes.addSubtitles),
  ].filter((change) => change !== null);
  if (made.length === 0) return before;
  const columns = made.reduce<Partial<AssetsTable>>((all, change) => ({ ...all, ...change.columns }), {});
  await changeAsset(db, assetId, columns, made.some(({ isSeen }) => isSeen === true) ? "visible" : "unseen");
  const after = await requireAsset(db, assetId);
  await changeAsset(db, assetId, { search_text: searchText(after) });
  const message = `"${before.title}" was changed: ${made.map(({ said }) => said).join("; ")}`;
  await writeEvent(db, { at, kind: "asset.updated", subject: assetId, actor, message });
  return after;
}

function checkState({ id, state }: AssetRecord, changes: AssetChanges): void {
  if (state === "deleting") {
    throw new VsError("conflict", `asset ${id} is in the trash`, {
      hint: `Bring it back first: vsctl assets undelete ${id}`,
    });
  }
  const { addSubtitles, keepSource, pins, regions, replicasWanted } = changes;
  const isAboutNames = [keepSource, pins, regions, replicasWanted].every((value) => value === null);
  if (state !== "failed" || (isAboutNames && addSubtitles.length === 0)) return;
  throw new VsError("conflict", `asset ${id} has failed: only its title and labels can be changed`, {
    hint: `See why it failed: vsctl assets show ${id}`,
  });
}

function changeTitle(before: AssetRecord, { title }: AssetChanges): Change | null {
  if (title === null || title === before.title) return null;
  return { said: `its title is "${title}" now`, columns: { title }, isSeen: true };
}

async function changeLabels(db: Db, before: AssetRecord, changes: AssetChanges): Promise<Change | null> {
  const kept = Object.entries(before.labels).filter(([name]) => !changes.removeLabels.includes(name));
  const labels = { ...Object.fromEntries(kept), ...changes.setLabels };
  const names = [...new Set([...Object.keys(before.labels), ...Object.keys(labels)])];
  const changed = names.filter((name) => before.labels[name] !== labels[name]).toSorted();
  if (changed.length === 0) return null;
  if (Object.keys(labels).length > mostLabels) {
    throw new VsError("invalid_argument", `asset ${before.id} would have more than ${mostLabels} labels`, {
      hint: "Take some away: vsctl assets update ID --unlabel NAME",
    });
  }
  await setLabels(db, before.id, labels);
  const said = changed.map((name) =>
    labels[name] === undefined ? `no label ${name}` : `label ${name}=${labels[name]}`,
  );
  return { said: said.join(", "), columns: { labels: toJson(labels) } };
}

function changeReplicas(before: AssetRecord, { replicasWanted }: AssetChanges): Change | null {
  if (replicasWanted === null || replicasWanted === before.replicasWanted) return null;
  return {
    said: `${replicasWanted} copies instead of ${before.replicasWanted}`,
    columns: { replicas_wanted: replicasWanted },
  };
}

function changeRegions(before: AssetRecord, { regions }: AssetChanges): Change | null {
  if (regions === null || sameList(regions, before.regions)) return null;
  const said = regions.length === 0 ? "copies in any region" : `copies in ${regions.join(", ")} only`;
  return { said, columns: { regions: toJson(regions) } };
}

async function changePins(db: Db, before: AssetRecord, changes: AssetChanges): Promise<Change | null> {
  const pins = changes.pins ?? before.pins;
  checkPins(pins, changes.replicasWanted ?? before.replicasWanted);
  if (changes.pins === null || sameList(pins, before.pins)) return null;
  await checkNodes(db, pins);
  const said = pins.length === 0 ? "pinned to no node" : `pinned to ${pins.join(", ")}`;
  return { said, columns: { pins: toJson(pins) } };
}

async function changeKeepSource(db: Db, before: AssetRecord, { keepSource }: AssetChanges): Promise<Change | null> {
  if (keepSource === null || keepSource === before.keepSource) return null;
  // What was let go does not come back.
  if (keepSource === "always" && before.readyAt !== null && !(await hasStayingCopy(db, before.id, sourcePieceId))) {
    throw new VsError("conflict", `the source of asset ${before.id} is not there any more`, {
      hint: "Ingest it once more to keep it: vsctl ingest FILE --force",
    });
  }
  return { said: `source kept: ${keepSource} instead of ${before.keepSource}`, columns: { keep_source: keepSource } };
}

// In another order, the pins say something else: the first go first.
function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((member, at) => member === other[at]);
}
