// The next edition of an asset: made and proved as a new asset is, beside the one that plays, and adopted
// when as much of it stands on the homes as makes a new asset ready. What cannot be made is given up, and costs nothing
// but the work. Previous editions are served for a time; what belongs to none of these goes.
import type { Failure } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { MeasuredRates, TaskRecord } from "../catalog/records.ts";
import { isOver, ownPieces } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { factsOfNext } from "./edition-facts.ts";
import { measureRates } from "./measure.ts";
import { cancelTasks } from "./new-task.ts";
import { planMaking } from "./plan-making.ts";
import { planRelease } from "./plan-release.ts";

export function planEditions(facts: AssetFacts, homes: readonly NodeId[], cluster: Cluster): Decision[] {
  return [...planNext(facts, homes, cluster), ...retire(facts, cluster), ...clear(facts)];
}

function planNext(facts: AssetFacts, homes: readonly NodeId[], cluster: Cluster): Decision[] {
  const begun = hasFirstPart(facts) ? factsOfNext(facts) : null;
  if (begun === null) return [];
  const release = planRelease(begun, homes, cluster);
  if (release.kind === "failed") return [giveUp(begun, release.failure)];
  const next = advanced(begun, release.decisions);
  const making = planMaking(next, cluster);
  if (making.kind === "failed") return [giveUp(begun, making.failure)];
  const finish = next === begun ? release : planRelease(next, homes, cluster);
  if (finish.kind === "failed") return [giveUp(begun, finish.failure)];
  return [...making.decisions, ...finish.decisions].flatMap((decision) => forNext(decision, next, facts));
}

// Of an asset that is not ready yet, the lowest rung goes first.
function hasFirstPart({ asset: { plan, releasedChunks, measured } }: AssetFacts): boolean {
  return plan !== null && measured !== null && releasedChunks === plan.chunks.length;
}

/** What counts as measured while a finished edition waits for its copies: reading all segments takes long. */
const notMeasured: MeasuredRates = { renditions: [], audio: [] };

// Players are given nothing of it before it is whole, so how far it is stands nowhere but in its pieces.
function advanced(next: AssetFacts, decisions: readonly Decision[]): AssetFacts {
  const { plan } = next.asset;
  const isReleased = decisions.some(
    (decision) => decision.kind === "release-chunks" && decision.releasedChunks === plan?.chunks.length,
  );
  if (!isReleased || plan === null) return next;
  const asset = { ...next.asset, releasedChunks: plan.chunks.length, measured: notMeasured };
  return { ...next, asset, view: { ...next.view, asset } };
}

// What would be done to a new asset, done to the edition.
function forNext(decision: Decision, next: AssetFacts, present: AssetFacts): Decision[] {
  const { id: assetId, edition } = next.asset;
  switch (decision.kind) {
    case "set-plan": {
      // The same chunks as before, so that text, which is cut like them, fits to both.
      const chunks = present.asset.plan?.chunks ?? decision.plan.chunks;
      return [{ kind: "set-next-plan", assetId, edition, plan: { ...decision.plan, text: [], chunks } }];
    }
    case "set-asset-state":
      return adopt(next);
    case "release-chunks":
    case "set-measured":
      return [];
    case "create-task":
      // Text belongs to no edition: that of an asset which is not ready yet may still be on its way.
      return decision.task.kind === "check" && awaitsText(present) ? [] : [decision];
    default:
      return [decision];
  }
}

function adopt(next: AssetFacts): Decision[] {
  const { id: assetId, edition, plan, probe } = next.asset;
  if (plan === null || probe === null) return [];
  const measured = measureRates({ plan, probe, pieces: ownPieces(next) });
  return [{ kind: "adopt-edition", assetId, edition, measured }];
}

function awaitsText({ view }: AssetFacts): boolean {
  return view.openTasks.some(({ kind }) => kind === "text");
}

function giveUp({ asset }: AssetFacts, failure: Failure): Decision {
  return { kind: "give-up-edition", assetId: asset.id, edition: asset.edition, failure };
}

function retire({ asset }: AssetFacts, { at, settings }: Cluster): Decision[] {
  return asset.previousEditions
    .filter(({ replacedAt }) => at - replacedAt >= settings.editionGraceMs)
    .map(({ edition }) => ({ kind: "retire-edition", assetId: asset.id, edition }));
}

// Discards are in plan-discard.ts; here goes what no node holds any more, nor may still hold while it is away.
function clear({ asset, whole }: AssetFacts): Decision[] {
  const isMoot = ({ pieceId }: TaskRecord): boolean => pieceId !== "" && isOver(asset, pieceId);
  const held = new Set(whole.replicas.filter(({ state }) => state !== "lost").map(({ pieceId }) => pieceId));
  const isGone = whole.pieces.some(({ id }) => isOver(asset, id) && !held.has(id));
  return [
    ...cancelTasks(whole.openTasks.filter(isMoot), "its edition is over"),
    ...(isGone ? [{ kind: "forget-editions", assetId: asset.id } as const] : []),
  ];
}
