// A small real asset without a cluster: a clip encoded by hand into two rungs and a sound track, as a store has it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { audioPieceId, newId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Manifest, ObjectRef, Piece, RenditionSegments } from "@vstream/core/media.ts";
import type { Store } from "../../node-agent/src/store/store.ts";

const clip = join(import.meta.dirname, "../media/bbb-480p-30s.mp4");
export const assetSeconds = 120;
const firstChunkSegments = 3;
/** Of the EXTINF that ffmpeg writes. */
const timeScale = 1_200_000;

interface Track {
  readonly name: string;
  readonly args: readonly string[];
  readonly codecs: string;
}

const video = (name: string, size: string): Track => ({
  name,
  args: [
    ...["-map", "0:v:0", "-an", "-vf", `fps=12,scale=${size}`, "-c:v", "libx264", "-preset", "ultrafast"],
    ...["-crf", "30", "-g", "24", "-keyint_min", "24", "-sc_threshold", "0", "-pix_fmt", "yuv420p"],
  ],
  codecs: "avc1.42c015",
});
const rungs = [video("240p", "426:240"), video("144p", "256:144")];
const sound: Track = {
  name: "audio",
  args: ["-map", "0:a:0", "-vn", "-c:a", "aac", "-b:a", "64k", "-ac", "2"],
  codecs: "mp4a.40.2",
};

/** Encodes into a folder of HLS files; fill() puts them into a store. */
export async function encodeSmallAsset(folder: string): Promise<void> {
  const outputs = [...rungs, sound].flatMap((track) => [
    ...["-t", String(assetSeconds), ...track.args],
    ...["-f", "hls", "-hls_time", "6", "-hls_list_size", "0", "-hls_segment_type", "fmp4"],
    join(folder, track.name, "list.m3u8"),
  ]);
  for (const track of [...rungs, sound]) await mkdir(join(folder, track.name), { recursive: true });
  await runFfmpeg(["-v", "error", "-stream_loop", "3", "-i", clip, ...outputs]);
}

/** Puts the encoded files into a store as the pieces of two chunks, and gives the manifest that names them all. */
export async function fill(
  store: Store,
  from: { folder: string; assetId: AssetId; homes: NodeId[] },
): Promise<Manifest> {
  const renditions: RenditionSegments[] = [];
  for (const track of rungs) renditions.push(await storeTrack(store, from.folder, track));
  const rendition = await storeTrack(store, from.folder, sound);
  const joint = { beforeFirst: "", last: "" };
  const pieces = [0, 1].flatMap((chunk): Piece[] => [
    {
      id: videoPieceId(chunk),
      content: {
        ...{ kind: "video", chunk, frames: assetSeconds * 6, timeScale, joint },
        renditions: renditions.map((track) => inChunk(track, chunk)),
      },
      toolchain: "test",
      madeBy: "",
    },
    {
      id: audioPieceId(0, chunk),
      content: { kind: "audio", track: 0, chunk, timeScale, rendition: inChunk(rendition, chunk) },
      toolchain: "test",
      madeBy: "",
    },
  ]);
  for (const piece of pieces) await store.recordPiece(from.assetId, piece);
  return manifestOf(from.assetId, pieces, from.homes);
}

/** The asset while only its lowest rung is made, and when all are: the next edition of it, which took that one's place. */
export function inTwoParts(manifest: Manifest): { lowest: Manifest; whole: Manifest } {
  const lowest = { ...manifest, renditions: manifest.renditions.slice(-1) };
  const { renditions, audio, pieces } = lowest;
  const again = pieces.map((piece): Piece => {
    const { content } = piece;
    if (content.kind === "video") return { ...piece, id: videoPieceId(content.chunk, 1) };
    return content.kind === "audio" ? { ...piece, id: audioPieceId(content.track, content.chunk, 1) } : piece;
  });
  const previous = [{ edition: 0, renditions, audio, pieces }];
  return { lowest, whole: { ...manifest, version: manifest.version + 1, edition: 1, pieces: again, previous } };
}

/** What the manifest was while only the first chunk was released. */
export function atFirst(manifest: Manifest): Manifest {
  const pieces = manifest.pieces.filter(({ content }) => "chunk" in content && content.chunk === 0);
  return { ...manifest, version: 1, complete: false, pieces, releasedChunks: 1 };
}

function inChunk(track: RenditionSegments, chunk: number): RenditionSegments {
  const segments = chunk === 0 ? track.segments.slice(0, firstChunkSegments) : track.segments.slice(firstChunkSegments);
  return { ...track, segments };
}

export function newAssetId(): AssetId {
  return newId("asset", Date.now());
}

async function storeTrack(store: Store, folder: string, track: Track): Promise<RenditionSegments> {
  const put = async (name: string): Promise<ObjectRef> =>
    await store.putBytes(await readFile(join(folder, track.name, name)));
  const list = await readFile(join(folder, track.name, "list.m3u8"), "utf8");
  const segments = [];
  let startTicks = 0;
  for (const [, seconds = "", name = ""] of list.matchAll(/#EXTINF:([\d.]+),\n(\S+)/g)) {
    const durationTicks = Math.round(Number(seconds) * timeScale);
    segments.push({ object: await put(name), durationTicks, startTicks, keyframes: [] });
    startTicks += durationTicks;
  }
  return { rung: track.name, init: await put("init.mp4"), codecs: track.codecs, segments };
}

function manifestOf(assetId: AssetId, pieces: readonly Piece[], homeNodeIds: readonly NodeId[]): Manifest {
  const sized = [
    { name: "240p", width: 426, height: 240, bandwidthBps: 500_000 },
    { name: "144p", width: 256, height: 144, bandwidthBps: 250_000 },
  ];
  return {
    assetId,
    version: 2,
    title: "Big Buck Bunny <b>&</b> friends",
    complete: true,
    probe: {
      format: "mov",
      durationSeconds: assetSeconds,
      video: {
        ...{ width: 426, height: 240, codec: "h264", frameRate: 12, timeScale, ticksPerFrame: timeScale / 12 },
        ...{ frames: assetSeconds * 12, interlaced: false, pixelFormat: "yuv420p", videoRange: "SDR" },
      },
      audio: [{ track: 0, codec: "aac", language: "", channels: 2, sampleRate: 48_000, name: "", defaultTrack: true }],
      segments: 20,
      longestSegmentSeconds: 6,
      ...{ text: [], chapters: [], warnings: [], damaged: false },
    },
    renditions: sized.map(({ bandwidthBps, ...size }) => ({
      rung: {
        ...size,
        ...{
          codec: "h264",
          preset: "ultrafast",
          crf: 30,
          maxrateBps: 1e6,
          bufferBits: 2e6,
          profile: "baseline",
          videoRange: "SDR",
        },
      },
      bandwidthBps,
      averageBandwidthBps: bandwidthBps / 2,
      codecs: "avc1.42c015",
      frameRate: 12,
    })),
    audio: [
      {
        target: {
          track: 0,
          stream: 0,
          language: "",
          channels: 2,
          bitrateBps: 64_000,
          sampleRate: 48_000,
          name: "",
          defaultTrack: true,
        },
        bandwidthBps: 70_000,
        averageBandwidthBps: 64_000,
        codecs: "mp4a.40.2",
      },
    ],
    pieces,
    fromChunk: 0,
    releasedChunks: 2,
    totalChunks: 2,
    homeNodeIds,
    deleted: false,
    ...{ text: [], extras: [], edition: 0, previous: [] },
  };
}

async function runFfmpeg(args: readonly string[]): Promise<void> {
  const ffmpeg = spawn("ffmpeg", ["-nostdin", "-y", ...args], { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(ffmpeg, "close")) as [number | null];
  if (code !== 0) throw new Error(`ffmpeg ended with ${String(code)}`);
}
