// Fetches a source from its URL. What has come of it stays for the next try of the task on this node, unless the failure
// is one that no try can mend.
import { asVsError } from "@vstream/core/errors.ts";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { Piece, SourceRef, Work } from "@vstream/core/media.ts";
import { fetchSource } from "../sources/fetch-source.ts";
import { SourceSpace } from "../sources/source-space.ts";
import { nothingMade } from "./task-context.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";
import type { WorkDeps } from "./work-deps.ts";

type FetchWork = Extract<Work, { kind: "fetch" }>;
type FetchDeps = Pick<WorkDeps, "nodeId" | "store" | "sources">;

export async function runFetch(deps: FetchDeps, work: FetchWork, context: TaskContext): Promise<TaskResult> {
  const { store } = deps;
  // An earlier run's report was not answered.
  const standing = store.getPiece(context.assetId, sourcePieceId);
  if (standing !== null) {
    await context.keep(standing);
    return { ...nothingMade, pieces: [standing] };
  }
  const piece = await fetched(deps, work, context);
  await store.partialSources.forget(context.assetId);
  return { ...nothingMade, pieces: [piece] };
}

async function fetched(deps: FetchDeps, work: FetchWork, context: TaskContext): Promise<Piece> {
  const { partialSources } = deps.store;
  try {
    const content = { kind: "source", ...(await bring(deps, work, context)) } as const;
    const piece: Piece = { id: sourcePieceId, content, toolchain: "", madeBy: deps.nodeId };
    await context.keep(piece);
    return piece;
  } catch (thrown) {
    // What a full disk could not take whole, it need not keep in part.
    const { code, retryable } = asVsError(thrown);
    const isOver = code === "storage_full" || code === "object_corrupt" || !(retryable || context.signal.aborted);
    if (isOver) await partialSources.forget(context.assetId);
    throw thrown;
  }
}

async function bring(
  { store, sources }: FetchDeps,
  { url, limitBytes }: FetchWork,
  { assetId, signal, log, progress }: TaskContext,
): Promise<SourceRef> {
  const { access, clock, maxSourceBytes } = sources;
  await using space = new SourceSpace(store, Math.min(maxSourceBytes, limitBytes ?? Infinity));
  await using partial = await store.partialSources.open(assetId);
  const sha256 = await fetchSource({ url, access, partial, space, clock, signal, log, progress });
  return await store.adoptSource(partial.path, sha256);
}
