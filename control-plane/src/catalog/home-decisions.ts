// Decisions about where an asset is to stand: on which nodes, which home goes in whose favour, how many more than
// wanted. Each changes nothing when what it rests on is no longer so.
import type { Decision } from "../planning/decisions.ts";
import { changeAsset } from "./assets.ts";
import { writeEvent } from "./events.ts";
import { findMissing, homesOf, moveHome, writeHomes } from "./homes.ts";
import { nodeRow } from "./nodes.ts";
import type { AssetRow, Db } from "./tables.ts";

type DecisionOf<Kind extends Decision["kind"]> = Extract<Decision, { kind: Kind }>;

export async function applyHomes(
  db: Db,
  asset: AssetRow,
  { expected, homes, reasons }: DecisionOf<"set-homes">,
): Promise<void> {
  const before = (await homesOf(db, [asset.id]))(asset.id).homes.join(" ");
  if (before !== expected.join(" ") || before === homes.join(" ")) return;
  if ((await findMissing(db, homes)) !== undefined) return;
  await writeHomes(db, asset.id, { homes, reasons });
  await changeAsset(db, asset.id, {}, "visible");
}

/** Nothing when `from` is leaving already: it would be replaced twice. */
export async function applyMove(
  db: Db,
  asset: AssetRow,
  { from, to, reason, at }: DecisionOf<"move-home"> & { at: number },
): Promise<void> {
  if (isEnding(asset)) return;
  const { homes, leavingHomes } = (await homesOf(db, [asset.id]))(asset.id);
  if (!homes.includes(from) || leavingHomes.includes(from) || homes.includes(to)) return;
  const [source, target] = [await nodeRow(db, from), await nodeRow(db, to)];
  if (source === undefined || target === undefined) return;
  await moveHome(db, asset.id, { from, to, reason });
  await changeAsset(db, asset.id, {}, "visible");
  const message = `"${asset.title}" moves from ${source.name} to ${target.name}: ${reason}`;
  await writeEvent(db, { at, kind: "asset.moving", subject: asset.id, actor: "vstream", message });
}

export async function applyExtraReplicas(
  db: Db,
  asset: AssetRow,
  { extraReplicas, at }: DecisionOf<"set-extra-replicas"> & { at: number },
): Promise<void> {
  const before = asset.extra_replicas;
  if (isEnding(asset) || extraReplicas < 0 || extraReplicas === before) return;
  await changeAsset(db, asset.id, { extra_replicas: extraReplicas });
  const [kind, why] =
    extraReplicas > before ? ["asset.copies_added", "is watched a lot"] : ["asset.copies_removed", "has cooled"];
  const [now, then] = [asset.replicas_wanted + extraReplicas, asset.replicas_wanted + before];
  const message = `"${asset.title}" ${why}: it is to have ${now} copies instead of ${then}`;
  await writeEvent(db, { at, kind, subject: asset.id, actor: "vstream", message });
}

function isEnding(asset: AssetRow): boolean {
  return asset.state === "deleting" || asset.state === "failed";
}
