// Which build makes an asset's pieces. All of them are to come from one, because another build or processor kind gives
// other bytes; only when no node with it is left that may encode does another go on. What was made before has to come
// out the same, so that waits longer.
import { makesSame, plainToolchain } from "@vstream/core/toolchain.ts";
import type { NodeRecord, TaskRecord } from "../catalog/records.ts";
import { ownPieces } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { isDownForGood, isDownForTheHold, isLeaving } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";

/** null: any will do. */
export function toolchainFor(facts: AssetFacts, cluster: Cluster): string | null {
  // Video first: its toolchain may name what sound does not take.
  const chosen =
    toolchainOfPieces(facts, "video") ??
    toolchainOfLeases(facts, cluster, "transcode") ??
    toolchainOfPieces(facts, "audio") ??
    toolchainOfLeases(facts, cluster, "audio");
  if (chosen === null) return null;
  const isHoped = cluster.nodes.some(
    (node) => makesSame(node.toolchain, chosen) && node.scheduling === "active" && !isDownForTheHold(node, cluster),
  );
  return isHoped ? chosen : null;
}

/**
 * The build that alone can make again what the task makes; a cordoned node with it is waited for, too. null: nothing of
 * it was made before, or nobody can make it so any more.
 */
export function toolchainOfRemake(task: TaskRecord, facts: AssetFacts, cluster: Cluster): string | null {
  const made = madeBefore(task, facts);
  if (made === null) return null;
  const isHoped = cluster.nodes.some(
    (node) => makesSame(node.toolchain, made) && !isLeaving(node) && !isDownForGood(node, cluster),
  );
  return isHoped ? made : null;
}

// A track is encoded as a whole: with one piece of it there, the others come with that piece's bytes or not at all.
function madeBefore({ kind, pieceId }: TaskRecord, { pieces }: AssetFacts): string | null {
  const track = /^(?:e\d+-)?audio-\d+-/.exec(pieceId)?.[0];
  if (kind !== "audio" || track === undefined) return pieceId === "" ? null : (pieces.get(pieceId)?.toolchain ?? null);
  return [...pieces.values()].find(({ id }) => id.startsWith(track))?.toolchain ?? null;
}

function toolchainOfPieces(facts: AssetFacts, kind: "video" | "audio"): string | null {
  // In the order of their ids: first chunks first.
  return ownPieces(facts).find(({ content }) => content.kind === kind)?.toolchain ?? null;
}

// Nothing is made yet, but somebody has begun: what the others make must fit to that.
function toolchainOfLeases(facts: AssetFacts, cluster: Cluster, kind: "transcode" | "audio"): string | null {
  const begun = facts.view.openTasks
    .filter((task) => task.state === "leased" && task.kind === kind)
    .toSorted((one, other) => one.rank - other.rank || (one.id < other.id ? -1 : 1));
  const nodeId = begun[0]?.nodeId ?? null;
  const node = nodeId === null ? undefined : cluster.byId.get(nodeId);
  return node === undefined ? null : toolchainUsed(node, facts);
}

/** What of a node's toolchain an asset's bytes depend on. */
export function toolchainUsed({ toolchain }: NodeRecord, facts: AssetFacts): string {
  return needsHevc(facts) ? toolchain : plainToolchain(toolchain);
}

/** Whether any of an asset's rungs is in HEVC. */
export function needsHevc({ asset }: AssetFacts): boolean {
  return asset.plan?.rungs.some(({ codec }) => codec === "hevc") ?? false;
}
