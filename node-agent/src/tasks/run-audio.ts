// Encodes one audio track from start to end, and reports a piece for each chunk as soon as its segments are written.
import { VsError } from "@vstream/core/errors.ts";
import { audioPieceId } from "@vstream/core/ids.ts";
import type { ObjectRef, Piece, Work } from "@vstream/core/media.ts";
import { plainToolchain } from "@vstream/core/toolchain.ts";
import { encodeAudio } from "../media/encode-audio.ts";
import type { AudioInit, AudioSegmentFile } from "../media/encode-audio.ts";
import { adoptSegments } from "./adopt-rendition.ts";
import { AudioGroups } from "./audio-groups.ts";
import type { AudioGroup } from "./audio-groups.ts";
import { TaskSource } from "./open-source.ts";
import { nothingMade } from "./task-context.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";
import type { WorkDeps } from "./work-deps.ts";

type AudioTask = Extract<Work, { kind: "audio" }>;

export async function runAudio(deps: WorkDeps, work: AudioTask, context: TaskContext): Promise<TaskResult> {
  const { tools, timelines } = deps;
  const timeline = await timelines.open(work.timeline, work.holders, context.signal);
  const source = new TaskSource(deps, work, context);
  // A track lies between the pictures, all over the file.
  await using _space = await source.needWhole();
  const pieces = new AudioPieces(deps, work, context);
  await encodeAudio({
    ...{ tools, sourcePath: source.path, timeline, target: work.target, signal: context.signal },
    scratchFolder: await context.scratch.makeFolder("encoded"),
    onSegments: async (init, segments) => {
      await pieces.add(init, segments);
    },
    onProgress: ({ fraction, speed }) => {
      context.progress(fraction, speed);
    },
    onLog: context.log,
  });
  await pieces.finish();
  return nothingMade;
}

/** Makes the pieces of a track, in order, each reported before the next is begun. */
class AudioPieces {
  readonly #deps: WorkDeps;
  readonly #work: AudioTask;
  readonly #context: TaskContext;
  readonly #groups: AudioGroups<AudioSegmentFile>;
  #init: { readonly file: AudioInit; readonly object: ObjectRef } | null = null;

  constructor(deps: WorkDeps, work: AudioTask, context: TaskContext) {
    this.#deps = deps;
    this.#work = work;
    this.#context = context;
    this.#groups = new AudioGroups(work.chunkSegments);
  }

  async add(init: AudioInit, segments: readonly AudioSegmentFile[]): Promise<void> {
    this.#init ??= { file: init, object: await this.#deps.store.adoptFile(init.path) };
    for (const group of this.#groups.add(segments)) await this.#report(group);
  }

  async finish(): Promise<void> {
    for (const group of this.#groups.finish()) await this.#report(group);
  }

  async #report(group: AudioGroup<AudioSegmentFile>): Promise<void> {
    const piece = await this.#makePiece(group);
    await this.#context.keepAndReport(piece);
  }

  async #makePiece({ chunk, segments }: AudioGroup<AudioSegmentFile>): Promise<Piece> {
    const init = this.#init;
    if (init === null) throw new VsError("encode_mismatch", "the audio encode gave no segments");
    const { track } = this.#work.target;
    const rendition = {
      rung: `audio-${String(track)}`,
      init: init.object,
      codecs: init.file.codecs,
      segments: await adoptSegments(this.#deps.store, segments, this.#context.signal),
    };
    return {
      id: audioPieceId(track, chunk, this.#work.edition),
      content: { kind: "audio", track, chunk, timeScale: init.file.timeScale, rendition },
      toolchain: plainToolchain(this.#deps.tools.toolchain),
      madeBy: this.#deps.nodeId,
    };
  }
}
