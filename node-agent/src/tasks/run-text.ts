// Makes one text track into WebVTT, a file for each chunk: of the source, or of a file that was given beside it.
import { textPieceId } from "@vstream/core/ids.ts";
import type { ObjectRef, Piece, SourceRef, Work } from "@vstream/core/media.ts";
import { plainToolchain } from "@vstream/core/toolchain.ts";
import { checkDensity, chunkBoundaries, textFiles } from "../media/text-files.ts";
import { readTextFile } from "../media/text-file.ts";
import type { Cue } from "../media/text-cues.ts";
import type { Timeline } from "../media/timeline.ts";
import { readCaptions, readTextTrack, textByteLimit } from "../media/text-track.ts";
import { TaskSource } from "./open-source.ts";
import { nothingMade } from "./task-context.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";
import type { WorkDeps } from "./work-deps.ts";

type TextTask = Extract<Work, { kind: "text" }>;

export async function runText(deps: WorkDeps, work: TextTask, context: TaskContext): Promise<TaskResult> {
  const { tools, store, timelines, nodeId } = deps;
  const { signal } = context;
  const { track } = work.target;
  const timeline = await timelines.open(work.timeline, work.holders, signal);
  const boundaries = chunkBoundaries(timeline, work.chunkSegments);
  const { source } = work;
  const cues =
    source === null
      ? await cuesOfFile(deps, work, { context, timeline })
      : await cuesOfSource(deps, { ...work, source }, { context, timeline });
  checkDensity(cues, timeline);
  const chunks: ObjectRef[] = [];
  for (const file of textFiles(cues, boundaries, textByteLimit)) {
    signal.throwIfAborted();
    chunks.push(await store.putBytes(file));
  }
  const content = { kind: "text", track, chunks } as const;
  const piece: Piece = { id: textPieceId(track), content, toolchain: plainToolchain(tools.toolchain), madeBy: nodeId };
  await context.keep(piece);
  return { ...nothingMade, pieces: [piece] };
}

interface TextRun {
  readonly context: TaskContext;
  readonly timeline: Timeline;
}

async function cuesOfFile(deps: WorkDeps, { target }: TextTask, { context, timeline }: TextRun): Promise<Cue[]> {
  const { assetId, signal } = context;
  return readTextFile(await deps.getSubtitleFile({ assetId, file: target.file }, signal), timeline);
}

async function cuesOfSource(
  deps: WorkDeps,
  work: TextTask & { readonly source: SourceRef },
  { context, timeline }: TextRun,
): Promise<Cue[]> {
  const source = new TaskSource(deps, work, context);
  // A track lies between the pictures, all over the file.
  await using _space = await source.needWhole();
  const reading = {
    ...{ tools: deps.tools, sourcePath: source.path, timeline, signal: context.signal },
    scratchFolder: await context.scratch.makeFolder("text"),
    onProgress: context.progress,
    onLog: context.log,
  };
  const { origin, stream } = work.target;
  return origin === "captions" ? await readCaptions(reading) : await readTextTrack({ ...reading, stream });
}
