// Encodes one chunk at every rung, from no more of the source than it needs.
import { videoPieceId } from "@vstream/core/ids.ts";
import type { Piece, RenditionSegments, Work } from "@vstream/core/media.ts";
import { plainToolchain } from "@vstream/core/toolchain.ts";
import { byteRangesFor } from "../media/plan-chunk.ts";
import { transcodeChunk } from "../media/transcode-chunk.ts";
import type { EncodedChunk } from "../media/transcode-chunk.ts";
import { adoptRendition } from "./adopt-rendition.ts";
import { TaskSource } from "./open-source.ts";
import { nothingMade } from "./task-context.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";
import type { WorkDeps } from "./work-deps.ts";

type TranscodeWork = Extract<Work, { kind: "transcode" }>;

export async function runTranscode(deps: WorkDeps, work: TranscodeWork, context: TaskContext): Promise<TaskResult> {
  const { tools, store, timelines } = deps;
  const { signal, scratch } = context;
  const timeline = await timelines.open(work.timeline, work.holders, signal);
  const source = new TaskSource(deps, work, context);
  const { chunk, rungs, preRollKeyframes } = work;
  const encoded = await transcodeChunk({
    ...{ tools, sourcePath: source.path, timeline, chunk, rungs, preRollKeyframes, signal },
    scratchFolder: await scratch.makeFolder("encoded"),
    ensureSource: async (preRoll) => {
      const sourceBytes = work.source.source.bytes;
      await source.need(byteRangesFor(timeline, chunk, { preRollKeyframes: preRoll, sourceBytes }));
    },
    onProgress: ({ fraction, speed }) => {
      context.progress(fraction, speed);
    },
    onLog: context.log,
  });
  const adopting = encoded.renditions.map((files) => adoptRendition(store, files, signal));
  const piece = pieceOf(deps, work, { encoded, renditions: await Promise.all(adopting) });
  await context.keep(piece);
  return { ...nothingMade, pieces: [piece] };
}

function pieceOf(
  deps: WorkDeps,
  work: TranscodeWork,
  made: { encoded: EncodedChunk; renditions: readonly RenditionSegments[] },
): Piece {
  const { frames, timeScale, joint } = made.encoded;
  const chunk = work.chunk.index;
  const hasHevc = work.rungs.some(({ codec }) => codec === "hevc");
  return {
    id: videoPieceId(chunk, work.edition),
    content: { kind: "video", chunk, frames, timeScale, renditions: made.renditions, joint },
    toolchain: hasHevc ? deps.tools.toolchain : plainToolchain(deps.tools.toolchain),
    madeBy: deps.nodeId,
  };
}
