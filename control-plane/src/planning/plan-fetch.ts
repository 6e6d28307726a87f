// The source of an asset that came with a URL: one task brings it to the first of its homes that takes work.
import { sourcePieceId } from "@vstream/core/ids.ts";
import { isLostForGood, openTask } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { cancelTasks, newTask } from "./new-task.ts";
import { makesSomething } from "./plan-making.ts";
import type { StepOutcome } from "./plan-making.ts";
import { sourceLost, unexplained } from "./fail-asset.ts";

/**
 * To be asked only while the source is not there, or gone; nothing for one that is uploaded. What was there once may come
 * back with its node when it cannot be fetched any more.
 */
export function planFetch(facts: AssetFacts): StepOutcome {
  const { asset, view } = facts;
  if (asset.sourceUrl === null) return { kind: "decided", decisions: [] };
  const dead = view.deadTasks.find(({ kind }) => kind === "fetch");
  if (dead !== undefined) {
    const failure = facts.pieces.has(sourcePieceId) ? sourceLost(asset) : (dead.error ?? unexplained(dead));
    return { kind: "failed", failure };
  }
  const wish = { kind: "fetch", pieceId: sourcePieceId } as const;
  return { kind: "decided", decisions: openTask(facts, wish) === undefined ? [newTask(asset, wish)] : [] };
}

/** Whether the source came from a URL and is gone with its nodes before the asset could be played. */
export function canFetchAgain(facts: AssetFacts, cluster: Cluster): boolean {
  const { sourceUrl, state } = facts.asset;
  if (sourceUrl === null || (state !== "uploading" && state !== "processing")) return false;
  return isLostForGood(facts, sourcePieceId, cluster) && !facts.view.deadTasks.some(makesSomething);
}

/** The asset waits for its source again; what was made of it stays, since only the same bytes are taken. */
export function awaitSource({ asset }: AssetFacts): Decision {
  return { kind: "set-asset-state", assetId: asset.id, from: asset.state, to: "uploading", error: null };
}

/** To be asked while the source is there: it came by a node that was taken for lost. What runs may end. */
export function endFetch({ view }: AssetFacts): Decision[] {
  const moot = view.openTasks.filter(({ kind, state }) => kind === "fetch" && state !== "leased");
  return cancelTasks(moot, "its source is there again");
}
