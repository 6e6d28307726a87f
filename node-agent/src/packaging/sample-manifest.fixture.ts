// For tests: a manifest like one that the control plane makes, of as many chunks as are asked for.
import { createHash } from "node:crypto";
import { audioPieceId, imagesPieceId, textPieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, Sha256 } from "@vstream/core/ids.ts";
import type {
  Manifest,
  ManifestAudio,
  ManifestRendition,
  ObjectRef,
  Piece,
  Rung,
  TextTarget,
  VideoRange,
} from "@vstream/core/media.ts";

export const sampleAssetId = "as0123456789abcdefghjk" as AssetId;

/** An object that is named for its content, whose content is its name. */
export function sampleObject(name: string): ObjectRef {
  return { sha256: createHash("sha256").update(name).digest("hex") as Sha256, bytes: Buffer.byteLength(name) };
}

/** The contents of all objects that a sample manifest names. */
export function sampleNames(manifest: Manifest): string[] {
  const chunks = Array.from({ length: manifest.releasedChunks }, (_, chunk) => chunk);
  const media = ["360p", "234p", "audio"].flatMap((track) => [
    `${track} init`,
    ...chunks.map((chunk) => `${track} segment ${String(chunk)}`),
  ]);
  return [...media, ...manifest.extras.flatMap(namesIn)];
}

function namesIn({ content }: Piece): string[] {
  if (content.kind === "text") return content.chunks.map((_, chunk) => sampleText(content.track, chunk));
  return content.kind === "images" ? ["poster", ...content.sheets.map((_, sheet) => `sheet ${String(sheet)}`)] : [];
}

/** What is said in a chunk: a line in its middle, and one that lasts into the next chunk and stands in both. */
export function sampleText(track: number, chunk: number): string {
  const second = (seconds: number): string => `00:${String(seconds).padStart(2, "0")}.000`;
  const over = (from: number): string => `${second(from)} --> ${second(from + 2)}\nover ${String(from)}`;
  const [start, end] = [chunk * 6, chunk * 6 + 6];
  return [
    "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000",
    ...(chunk === 0 ? [] : [over(start - 1)]),
    `${second(start + 2)} --> ${second(start + 3)} line:0\n<i>track ${String(track)}</i> & chunk ${String(chunk)}`,
    over(end - 1),
    "",
  ].join("\n\n");
}

export function sampleRung(name: string, width: number, height: number): Rung {
  return {
    name,
    width,
    height,
    codec: "h264",
    preset: "veryfast",
    crf: 23,
    maxrateBps: height * 4000,
    bufferBits: height * 8000,
    profile: "high",
    videoRange: "SDR",
  };
}

/** One segment of 6 s a chunk, at 24 frames a second; two rungs, one English audio track. */
export function sampleManifest(changes: Partial<Manifest> = {}): Manifest {
  const releasedChunks = changes.releasedChunks ?? 2;
  return {
    assetId: sampleAssetId,
    version: 3,
    title: "Big Buck Bunny",
    complete: false,
    probe: {
      format: "mov",
      durationSeconds: 24,
      video: {
        width: 640,
        height: 360,
        codec: "h264",
        frameRate: 24,
        timeScale: 12288,
        ticksPerFrame: 512,
        frames: 576,
        interlaced: false,
        pixelFormat: "yuv420p",
        videoRange: "SDR",
      },
      audio: [
        { track: 0, codec: "aac", language: "en", channels: 2, sampleRate: 48000, name: "", defaultTrack: false },
      ],
      segments: 4,
      longestSegmentSeconds: 6,
      text: [],
      chapters: [],
      warnings: [],
      damaged: false,
    },
    renditions: [sampleRendition("360p", 640, 360, 900_000), sampleRendition("234p", 416, 234, 300_000)],
    audio: [sampleAudio(0, "en")],
    pieces: Array.from({ length: releasedChunks }, (_, chunk) => [videoPiece(chunk), audioPiece(chunk)]).flat(),
    fromChunk: 0,
    releasedChunks,
    totalChunks: 4,
    homeNodeIds: [],
    deleted: false,
    text: [],
    extras: [],
    edition: 0,
    previous: [],
    ...changes,
  };
}

export function sampleRendition(name: string, width: number, height: number, averageBps: number): ManifestRendition {
  return {
    rung: sampleRung(name, width, height),
    bandwidthBps: averageBps * 1.5,
    averageBandwidthBps: averageBps,
    codecs: "avc1.64001e",
    frameRate: 24,
  };
}

/** The same in HEVC, for two thirds of the bits, in the range that is given. */
export function sampleHevc(rendition: ManifestRendition, videoRange: VideoRange): ManifestRendition {
  const [suffix, profile, codecs] =
    videoRange === "SDR" ? ["hevc", "main", "hvc1.1.6.L90.90"] : ["hdr", "main10", "hvc1.2.4.L90.90"];
  return {
    ...rendition,
    ...{ bandwidthBps: (rendition.bandwidthBps * 2) / 3, averageBandwidthBps: (rendition.averageBandwidthBps * 2) / 3 },
    ...{
      rung: { ...rendition.rung, name: `${rendition.rung.name}-${suffix}`, codec: "hevc", profile, videoRange },
      codecs,
    },
  };
}

export function sampleAudio(track: number, language: string): ManifestAudio {
  return {
    target: {
      ...{ track, stream: track, language, channels: 2, bitrateBps: 128_000, sampleRate: 48000, name: "" },
      defaultTrack: false,
    },
    bandwidthBps: 132_000,
    averageBandwidthBps: 128_000,
    codecs: "mp4a.40.2",
  };
}

export function sampleTextTarget(track: number, changes: Partial<TextTarget> = {}): TextTarget {
  const plain = { origin: "stream", file: 0, forced: false, hearingImpaired: false, defaultTrack: false } as const;
  return { track, stream: track, language: "en", name: "", ...plain, ...changes };
}

/** Of all four chunks, whatever is released. */
export function sampleTextPiece(track: number): Piece {
  const chunks = [0, 1, 2, 3].map((chunk) => sampleObject(sampleText(track, chunk)));
  return extraPiece({ id: textPieceId(track), content: { kind: "text", track, chunks } });
}

/** A picture every two seconds, on sheets of two by three. */
export function sampleImagesPiece(): Piece {
  const poster = { object: sampleObject("poster"), width: 640, height: 360 };
  const sheets = [0, 1].map((sheet) => ({ object: sampleObject(`sheet ${String(sheet)}`), width: 320, height: 270 }));
  const grid = { columns: 2, rows: 3, width: 160, height: 90, intervalMs: 2000, thumbnails: 12 };
  return extraPiece({ id: imagesPieceId, content: { kind: "images", poster, sheets, ...grid } });
}

function extraPiece(piece: Pick<Piece, "id" | "content">): Piece {
  return { ...piece, toolchain: "test", madeBy: "no0123456789abcdefghjk" as NodeId };
}

// Three groups of two seconds.
const keyframes = [0, 4, 8].map((offset) => ({ offset, bytes: 3, durationTicks: 24_576 }));

function videoPiece(chunk: number): Piece {
  const renditions = ["360p", "234p"].map((rung) => ({
    rung,
    init: sampleObject(`${rung} init`),
    codecs: "avc1.64001e",
    segments: [
      {
        object: sampleObject(`${rung} segment ${String(chunk)}`),
        durationTicks: 73728,
        startTicks: chunk * 73728,
        keyframes,
      },
    ],
  }));
  const joint = { beforeFirst: "", last: "" };
  return {
    id: videoPieceId(chunk),
    content: { kind: "video", chunk, frames: 144, timeScale: 12288, renditions, joint },
    toolchain: "test",
    madeBy: "no0123456789abcdefghjk" as NodeId,
  };
}

function audioPiece(chunk: number): Piece {
  const rendition = {
    rung: "",
    init: sampleObject("audio init"),
    codecs: "mp4a.40.2",
    segments: [
      {
        object: sampleObject(`audio segment ${String(chunk)}`),
        durationTicks: 288256,
        startTicks: chunk * 288256,
        keyframes: [],
      },
    ],
  };
  return {
    id: audioPieceId(0, chunk),
    content: { kind: "audio", track: 0, chunk, timeScale: 48000, rendition },
    toolchain: "test",
    madeBy: "no0123456789abcdefghjk" as NodeId,
  };
}
