// The source of an asset that came with a URL: one task brings it to the first of its homes that takes work.
import { sourcePieceId } from "@vstream/core/ids.ts";
import { openTask } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { newTask } from "./new-task.ts";
import type { StepOutcome } from "./plan-making.ts";
import { unexplained } from "./fail-asset.ts";

/** To be asked only while the source is not there; nothing for one that is uploaded. */
export function planFetch(facts: AssetFacts): StepOutcome {
  const { asset, view } = facts;
  if (asset.sourceUrl === null) return { kind: "decided", decisions: [] };
  const dead = view.deadTasks.find(({ kind }) => kind === "fetch");
  if (dead !== undefined) return { kind: "failed", failure: dead.error ?? unexplained(dead) };
  const wish = { kind: "fetch", pieceId: sourcePieceId } as const;
  return { kind: "decided", decisions: openTask(facts, wish) === undefined ? [newTask(asset, wish)] : [] };
}
