// Copies a piece from the nodes that hold it. A piece that stands here whole already is reported at once.
import type { Work } from "@vstream/core/media.ts";
import { replicatePiece } from "../replicate/replicate-piece.ts";
import { nothingMade } from "./task-context.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";
import type { WorkDeps } from "./work-deps.ts";

export async function runReplicate(
  deps: Pick<WorkDeps, "fetcher" | "nodeId">,
  work: Extract<Work, { kind: "replicate" }>,
  context: TaskContext,
): Promise<TaskResult> {
  const { piece } = work;
  await replicatePiece({
    store: {
      recordPiece: async () => {
        await context.keep(piece);
      },
    },
    fetcher: deps.fetcher,
    assetId: context.assetId,
    piece,
    holders: work.holders.filter((holder) => holder !== deps.nodeId),
    signal: context.signal,
    onProgress: (share) => {
      context.progress(share);
    },
  });
  return { ...nothingMade, pieces: [piece] };
}
