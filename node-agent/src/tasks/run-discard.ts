// Deletes pieces that this node should no longer hold; with none named, all that it holds of the asset.
import type { Work } from "@vstream/core/media.ts";
import type { Store } from "../store/store.ts";
import { nothingMade } from "./task-context.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";

export async function runDiscard(
  deps: { readonly store: Pick<Store, "discard"> },
  work: Extract<Work, { kind: "discard" }>,
  context: TaskContext,
): Promise<TaskResult> {
  context.signal.throwIfAborted();
  await deps.store.discard(context.assetId, work.pieceIds);
  return nothingMade;
}
