// What tasks make in the simulation: pieces whose bytes depend on the source, the settings and the toolchain alone, as
// those of a real encode do. Some sources are no media, and some have chunks that join only when decoded from further
// back; of some, text or images cannot be made, ever.
import { createHash } from "node:crypto";
import { VsError } from "@vstream/core/errors.ts";
import {
  audioPieceId,
  imagesPieceIdIn,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "@vstream/core/ids.ts";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import type { ObjectRef, Piece, Probe, RenditionSegments, Work } from "@vstream/core/media.ts";
import { keepSources } from "../../control-plane/src/catalog/records.ts";
import type { KeepSource } from "../../control-plane/src/catalog/records.ts";
import { nothingMade } from "../../node-agent/src/tasks/task-context.ts";
import type { TaskContext, TaskResult } from "../../node-agent/src/tasks/task-context.ts";
import type { Fetcher } from "../../node-agent/src/replicate/peers.ts";
import type { SimStore } from "./sim-store.ts";
import type { Random } from "./random.ts";
import type { Program } from "./virtual-time.ts";

/** What a source turns out to be. */
export interface Film {
  readonly sha256: Sha256;
  readonly bytes: number;
  readonly segments: number;
  readonly isMedia: boolean;
  readonly textTracks: number;
  /** Its first text track cannot be converted. */
  readonly hasBadText: boolean;
  /** Of this chunk the joint proves only with a pre-roll of more than one keyframe; -1: of none. */
  readonly difficultChunk: number;
}

export interface Maker {
  readonly nodeId: NodeId;
  readonly toolchain: string;
  readonly program: Program;
  readonly random: Random;
  readonly store: SimStore;
  readonly fetcher: Fetcher;
  /** By the hash of the source. */
  readonly films: ReadonlyMap<Sha256, Film>;
  /** How likely an encode fails, 0 to 1. */
  readonly failure: () => number;
}

type Making = Extract<Work, { kind: "probe" | "transcode" | "audio" | "text" }>;

export function hashOf(text: string): Sha256 {
  return createHash("sha256").update(text).digest("hex") as Sha256;
}

export function sourcePieceOf(film: Film): Piece {
  const source = { sha256: film.sha256, bytes: film.bytes };
  const blockList = { sha256: hashOf(`blocks of ${film.sha256}`), bytes: 32 };
  const content = { kind: "source", source, blockList, blockBytes: 1_048_576 } as const;
  return { id: sourcePieceId, content, toolchain: "", madeBy: "" };
}

export async function make(maker: Maker, work: Making, context: TaskContext): Promise<TaskResult> {
  if (work.source === null) throw new VsError("internal", "no asset here has files of subtitles");
  const { source } = work.source;
  await maker.fetcher.fetchBytes(source, work.holders, context.signal);
  const film = maker.films.get(source.sha256);
  if (film === undefined) throw new VsError("internal", `nobody knows the source ${source.sha256}`);
  switch (work.kind) {
    case "probe":
      return await probe(maker, film, context);
    case "transcode":
      await encode(maker, context, maker.random.between(1_000, 9_000));
      return await keepOnly(maker, videoOf(maker, film, work), context);
    case "audio":
      for (const [chunk] of work.chunkSegments.entries()) {
        await encode(maker, context, maker.random.between(300, 2_000));
        const piece = audioOf(maker, film, { track: work.target.track, chunk, edition: work.edition });
        put(maker, piece);
        await context.keepAndReport(piece);
      }
      return nothingMade;
    case "text":
      await encode(maker, context, maker.random.between(200, 3_000));
      if (film.hasBadText && work.target.track === 0) throw new VsError("ffmpeg_failed", "the text is none");
      return await keepOnly(maker, textOf(maker, film, work), context);
  }
}

/** Where a film that nobody uploads is fetched from. */
export function urlOf({ sha256 }: Film): string {
  return `https://films.example/${sha256}`;
}

/** What has come is lost when it breaks off. */
export async function fetchFilm(maker: Maker, url: string, context: TaskContext): Promise<TaskResult> {
  const film = [...maker.films.values()].find((one) => urlOf(one) === url);
  if (film === undefined) throw new VsError("source_not_found", `nobody knows ${url}`);
  await maker.program.clock.sleep(maker.random.between(300, 4_000), context.signal);
  if (maker.random.chance(maker.failure())) throw new VsError("source_unavailable", "the server broke off");
  return await keepOnly(maker, sourcePieceOf(film), context);
}

/** @param video all of the asset's video, in order; what of it is looked at is read from whoever has it */
export async function makeImages(
  maker: Maker,
  video: readonly ObjectRef[],
  { work, context }: { readonly work: Extract<Work, { kind: "images" }>; readonly context: TaskContext },
): Promise<TaskResult> {
  const { edition, holders } = work;
  for (const object of video) await maker.fetcher.fetchBytes(object, holders, context.signal);
  await encode(maker, context, maker.random.between(300, 3_000));
  if (isOneOf(16, video[0]?.sha256)) throw new VsError("ffmpeg_failed", "no picture could be shown");
  const salt = `${maker.toolchain} ${video.map(({ sha256 }) => sha256).join(" ")}`;
  const poster = { object: objectNamed(`poster ${salt}`, 300), width: 320, height: 180 };
  const sheets = [{ object: objectNamed(`sheet ${salt}`, 200), width: 160, height: 90 }];
  const sizes = { columns: 1, rows: 1, width: 160, height: 90, intervalMs: 10_000, thumbnails: 1 };
  const content = { kind: "images", poster, sheets, ...sizes } as const;
  const piece = { id: imagesPieceIdIn(edition), content, toolchain: maker.toolchain, madeBy: maker.nodeId };
  return await keepOnly(maker, piece, context);
}

/** Finds nothing, unless it breaks off. */
export async function makeCheck(maker: Maker, context: TaskContext): Promise<TaskResult> {
  await encode(maker, context, maker.random.between(50, 500));
  return { ...nothingMade, check: { rules: 1, findings: [] } };
}

async function probe(maker: Maker, film: Film, context: TaskContext): Promise<TaskResult> {
  await encode(maker, context, maker.random.between(200, 1_500));
  if (!film.isMedia) throw new VsError("not_media", "the source is no media");
  const content = { kind: "timeline", timeline: objectNamed(`timeline of ${film.sha256}`, 100) } as const;
  const piece = { id: timelinePieceId, content, toolchain: maker.toolchain, madeBy: maker.nodeId };
  const made = await keepOnly(maker, piece, context);
  return { ...made, probe: probeOf(film) };
}

async function encode(maker: Maker, { signal }: TaskContext, ms: number): Promise<void> {
  await maker.program.clock.sleep(ms, signal);
  if (maker.random.chance(maker.failure())) throw new VsError("ffmpeg_failed", "the encode broke off");
}

async function keepOnly(maker: Maker, piece: Piece, context: TaskContext): Promise<TaskResult> {
  put(maker, piece);
  await context.keep(piece);
  return { ...nothingMade, pieces: [piece] };
}

function put({ store }: Maker, piece: Piece): void {
  for (const object of objectsOf(piece.content)) store.putMade(object);
}

function videoOf(
  { nodeId, toolchain }: Maker,
  film: Film,
  { chunk, edition, preRollKeyframes, rungs }: Extract<Work, { kind: "transcode" }>,
): Piece {
  const { index } = chunk;
  const isBad = index === film.difficultChunk && preRollKeyframes === 1;
  const joint = { beforeFirst: index === 0 ? "" : `${isBad ? "bad " : ""}frame ${index - 1}`, last: `frame ${index}` };
  const salt = `${film.sha256} ${toolchain}${saltOf(edition)}`;
  const segment = `video ${index} of ${salt}${isBad ? " bad" : ""}`;
  const renditions = rungs.slice(0, 1).map((rung): RenditionSegments => {
    const keyframes = [{ offset: 0, bytes: 500, durationTicks: 73_728 }];
    const segments = [{ object: objectNamed(segment, 1_000), durationTicks: 73_728, startTicks: 0, keyframes }];
    return { rung: rung.name, init: objectNamed(`video init of ${salt}`, 50), codecs: "avc1.64001e", segments };
  });
  const content = { kind: "video", chunk: index, frames: 144, timeScale: 12_288, renditions, joint } as const;
  return { id: videoPieceId(index, edition), content, toolchain, madeBy: nodeId };
}

function audioOf(
  { nodeId, toolchain }: Maker,
  film: Film,
  { track, chunk, edition }: { track: number; chunk: number; edition: number },
): Piece {
  const salt = `${track} of ${film.sha256} ${toolchain}`;
  const object = objectNamed(`audio ${chunk} ${salt}`, 200);
  const segments = [{ object, durationTicks: 288_000, startTicks: 0, keyframes: [] }];
  const init = objectNamed(`audio init ${salt}`, 50);
  const rendition = { rung: `audio-${track}`, init, codecs: "mp4a.40.2", segments };
  const content = { kind: "audio", track, chunk, timeScale: 48_000, rendition } as const;
  return { id: audioPieceId(track, chunk, edition), content, toolchain, madeBy: nodeId };
}

function textOf(
  { nodeId, toolchain }: Maker,
  film: Film,
  { target, chunkSegments }: Extract<Work, { kind: "text" }>,
): Piece {
  const { track } = target;
  const salt = `${track} of ${film.sha256} ${toolchain}`;
  const chunks = chunkSegments.map((_, chunk) => objectNamed(`text ${chunk} ${salt}`, 40));
  return { id: textPieceId(track), content: { kind: "text", track, chunks }, toolchain, madeBy: nodeId };
}

// Other rungs give other bytes; sound stays as it is.
function saltOf(edition: number): string {
  return edition === 0 ? "" : ` again ${edition}`;
}

/** How long the film's source is kept. */
export function keepingOf({ sha256 }: Film): KeepSource {
  if (isOneOf(5, sha256)) return "never";
  return isOneOf(3, sha256) ? "ready" : "always";
}

/** What people decide about the film's asset when it is there. By the hash, so that it changes no other chance. */
export function secondThoughtsOf({ sha256 }: Film) {
  const hash = hashOf(`second thoughts about ${sha256}`);
  const digits = Array.from(hash).map((digit) => Number.parseInt(digit, 16));
  const [first = 0, second = 0, third = 0, fourth = 0] = digits.slice(8);
  const isCancelled = isOneOf(12, hash);
  const wishes = {
    replicasWanted: 1 + (first % 3),
    isRegional: second < 5,
    region: third,
    keepSource: keepSources[fourth % 3] ?? "always",
  };
  return {
    afterMs: 2_000 + Number.parseInt(hash.slice(4, 8), 16),
    isCancelled,
    changes: !isCancelled && isOneOf(3, hash) ? wishes : null,
  };
}

/** By the hash, so that it is always the same ones. */
export function isOneOf(many: number, sha256: Sha256 | undefined): boolean {
  return Number.parseInt(sha256?.slice(0, 4) ?? "1", 16) % many === 0;
}

function objectNamed(name: string, bytes: number): ObjectRef {
  return { sha256: hashOf(name), bytes };
}

const plainText = { forced: false, hearingImpaired: false, convertible: true, captions: false, defaultTrack: false };

// So small that the ladder has a single rung.
function probeOf({ segments, textTracks }: Film): Probe {
  const video = { width: 320, height: 180, codec: "h264", frameRate: 24, timeScale: 12_288, ticksPerFrame: 512 };
  return {
    format: "mov,mp4",
    durationSeconds: segments * 6,
    video: { ...video, frames: segments * 144, interlaced: false, pixelFormat: "yuv420p", videoRange: "SDR" },
    audio: [
      { track: 0, codec: "aac", language: "eng", channels: 2, sampleRate: 48_000, name: "", defaultTrack: false },
    ],
    segments,
    longestSegmentSeconds: 6,
    text: Array.from({ length: textTracks }, (_, stream) => {
      return { stream, codec: "subrip", language: "eng", name: "", ...plainText };
    }),
    chapters: [],
    warnings: [],
    damaged: false,
  };
}
