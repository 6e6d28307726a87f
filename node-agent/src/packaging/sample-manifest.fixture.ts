// For tests: a manifest like one that the control plane makes, of as many chunks as are asked for.
import { createHash } from "node:crypto";
import { audioPieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { Manifest, ManifestAudio, ManifestRendition, ObjectRef, Piece, Rung } from "@vstream/core/media.ts";

export const sampleAssetId = "as0123456789abcdefghjk" as AssetId;

/** An object that is named for its content, whose content is its name. */
export function sampleObject(name: string): ObjectRef {
  return { sha256: createHash("sha256").update(name).digest("hex") as Sha256, bytes: Buffer.byteLength(name) };
}

/** The contents of all objects that a sample manifest names. */
export function sampleNames(manifest: Manifest): string[] {
  const chunks = Array.from({ length: manifest.releasedChunks }, (_, chunk) => chunk);
  return ["360p", "234p", "audio"].flatMap((track) => [
    `${track} init`,
    ...chunks.map((chunk) => `${track} segment ${String(chunk)}`),
  ]);
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
      },
      audio: [{ track: 0, codec: "aac", language: "en", channels: 2, sampleRate: 48000 }],
      segments: 4,
      longestSegmentSeconds: 6,
    },
    renditions: [sampleRendition("360p", 640, 360, 900_000), sampleRendition("234p", 416, 234, 300_000)],
    audio: [sampleAudio(0, "en")],
    pieces: Array.from({ length: releasedChunks }, (_, chunk) => [videoPiece(chunk), audioPiece(chunk)]).flat(),
    fromChunk: 0,
    releasedChunks,
    totalChunks: 4,
    homeNodeIds: [],
    deleted: false,
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

export function sampleAudio(track: number, language: string): ManifestAudio {
  return {
    target: { track, language, channels: 2, bitrateBps: 128_000, sampleRate: 48000 },
    bandwidthBps: 132_000,
    averageBandwidthBps: 128_000,
    codecs: "mp4a.40.2",
  };
}

function videoPiece(chunk: number): Piece {
  const renditions = ["360p", "234p"].map((rung) => ({
    rung,
    init: sampleObject(`${rung} init`),
    codecs: "avc1.64001e",
    segments: [
      { object: sampleObject(`${rung} segment ${String(chunk)}`), durationTicks: 73728, startTicks: chunk * 73728 },
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
      { object: sampleObject(`audio segment ${String(chunk)}`), durationTicks: 288256, startTicks: chunk * 288256 },
    ],
  };
  return {
    id: audioPieceId(0, chunk),
    content: { kind: "audio", track: 0, chunk, timeScale: 48000, rendition },
    toolchain: "test",
    madeBy: "no0123456789abcdefghjk" as NodeId,
  };
}
