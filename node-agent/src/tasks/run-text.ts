// Makes one text track of the source into WebVTT, a file for each chunk.
import { textPieceId } from "@vstream/core/ids.ts";
import type { ObjectRef, Piece, Work } from "@vstream/core/media.ts";
import { chunkBoundaries, textFiles } from "../media/text-files.ts";
import { readTextTrack, textByteLimit } from "../media/text-track.ts";
import { TaskSource } from "./open-source.ts";
import { nothingMade } from "./task-context.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";
import type { WorkDeps } from "./work-deps.ts";

type TextTask = Extract<Work, { kind: "text" }>;

export async function runText(deps: WorkDeps, work: TextTask, context: TaskContext): Promise<TaskResult> {
  const { tools, store, timelines, nodeId } = deps;
  const { signal, scratch } = context;
  const { track, stream } = work.target;
  const timeline = await timelines.open(work.timeline, work.holders, signal);
  const boundaries = chunkBoundaries(timeline, work.chunkSegments);
  const source = new TaskSource(deps, work, context);
  // A track lies between the pictures, all over the file.
  await using _space = await source.needWhole();
  const cues = await readTextTrack({
    ...{ tools, sourcePath: source.path, stream, timeline, signal },
    scratchFolder: await scratch.makeFolder("text"),
    onProgress: context.progress,
    onLog: context.log,
  });
  const chunks: ObjectRef[] = [];
  for (const file of textFiles(cues, boundaries, textByteLimit)) {
    signal.throwIfAborted();
    chunks.push(await store.putBytes(file));
  }
  const content = { kind: "text", track, chunks } as const;
  const piece: Piece = { id: textPieceId(track), content, toolchain: tools.toolchain, madeBy: nodeId };
  await context.keep(piece);
  return { ...nothingMade, pieces: [piece] };
}
