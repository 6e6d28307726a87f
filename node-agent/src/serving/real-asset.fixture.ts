// For tests: a real clip, encoded by this agent's own functions in chunks as tasks do, into a store; with two rungs, one
// audio track and a text track.
import { audioPieceId, newId, textPieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { AudioTarget, Chunk, Manifest, Piece, Rung } from "@vstream/core/media.ts";
import { encodeAudio } from "../media/encode-audio.ts";
import type { AudioInit, AudioSegmentFile } from "../media/encode-audio.ts";
import { transcodeChunk } from "../media/transcode-chunk.ts";
import { clip, makeSource, never, probeFile, tinyRung, tools } from "../media/trial-media.fixture.ts";
import type { Scratch, Store } from "../store/store.ts";
import { adoptRendition, adoptSegments } from "../tasks/adopt-rendition.ts";

/** Segments in each chunk: of 14 s, in segments of 6 s. */
const chunkSegments = [1, 2];
const rungs: readonly Rung[] = [tinyRung, { ...tinyRung, name: "small", width: 192, height: 108 }];
const audioTarget: AudioTarget = {
  ...{ track: 0, stream: 0, language: "en", name: "", channels: 2, bitrateBps: 96_000, sampleRate: 48_000 },
  defaultTrack: true,
};
export const realText = [
  "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nfirst\n\n00:00:05.000 --> 00:00:07.000\nacross\n",
  "WEBVTT\n\n00:00:05.000 --> 00:00:07.000\nacross\n\n00:00:13.000 --> 00:00:13.900\nlast & <i>least</i>\n",
];

interface Work {
  readonly sourcePath: string;
  readonly source: Awaited<ReturnType<typeof probeFile>>;
  readonly store: Store;
  readonly folder: Scratch;
}

/** The manifest of the whole asset; all that it names is in the store. */
export async function encodeRealAsset(store: Store): Promise<Manifest> {
  await using folder = await store.openScratch("trial");
  const sourcePath = folder.path("source.mp4");
  await makeSource(["-i", clip("bbb-480p-30s.mp4"), "-t", "14", "-c", "copy", sourcePath]);
  const source = await probeFile(sourcePath);
  const work = { sourcePath, source, store, folder };
  const video: Piece[] = [];
  for (const index of chunkSegments.keys()) video.push(await videoPiece(work, index));
  const pieces = [...video, ...(await audioPieces(work))];
  const plain = { origin: "stream", file: 0, forced: false, hearingImpaired: false, defaultTrack: false } as const;
  const text = { track: 0, stream: 0, language: "en", name: "", ...plain };
  return {
    assetId: newId("asset", Date.now()),
    ...{ version: 1, title: "Real <&> bunny", complete: true, deleted: false, homeNodeIds: [], probe: source.probe },
    ...{ pieces, fromChunk: 0, releasedChunks: chunkSegments.length, totalChunks: chunkSegments.length },
    ...{ renditions: rungs.map((rung) => renditionOf(rung, source.probe.video.frameRate, video)), text: [text] },
    audio: [{ target: audioTarget, bandwidthBps: 120_000, averageBandwidthBps: 96_000, codecs: "mp4a.40.2" }],
    extras: [await textPiece(store)],
    ...{ edition: 0, previous: [] },
  };
}

function renditionOf(rung: Rung, frameRate: number, pieces: readonly Piece[]): Manifest["renditions"][number] {
  const made = pieces.flatMap(({ content }) => (content.kind === "video" ? content.renditions : []));
  const codecs = made.find((rendition) => rendition.rung === rung.name)?.codecs ?? "";
  const bandwidthBps = rung.maxrateBps + 120_000;
  return { rung, frameRate, bandwidthBps, averageBandwidthBps: bandwidthBps, codecs };
}

async function videoPiece({ sourcePath, source, store, folder }: Work, index: number): Promise<Piece> {
  const scratchFolder = await folder.makeFolder(`video-${String(index)}`);
  const firstSegment = chunkSegments.slice(0, index).reduce((sum, count) => sum + count, 0);
  const chunk: Chunk = { index, firstSegment, segmentCount: chunkSegments[index] ?? 0 };
  const encoded = await transcodeChunk({
    ...{ tools, sourcePath, timeline: source.timeline, chunk, rungs, preRollKeyframes: 1 },
    ...{ scratchFolder, signal: never() },
  });
  const { frames, timeScale, joint } = encoded;
  const renditions = await Promise.all(encoded.renditions.map((files) => adoptRendition(store, files, never())));
  return pieceOf(videoPieceId(index), { kind: "video", chunk: index, frames, timeScale, joint, renditions });
}

async function audioPieces({ sourcePath, source, store, folder }: Work): Promise<Piece[]> {
  const scratchFolder = await folder.makeFolder("audio");
  const files: AudioSegmentFile[] = [];
  const inits: AudioInit[] = [];
  await encodeAudio({
    ...{ tools, sourcePath, timeline: source.timeline, target: audioTarget, scratchFolder, signal: never() },
    onSegments: async (found, segments) => {
      inits.push(found);
      files.push(...segments);
      await Promise.resolve();
    },
  });
  const [init] = inits;
  if (init === undefined) throw new Error("the clip gave no audio");
  const { codecs, timeScale } = init;
  const object = await store.adoptFile(init.path);
  const segments = await adoptSegments(store, files, never());
  return chunkSegments.map((count, chunk) => {
    const first = chunkSegments.slice(0, chunk).reduce((sum, before) => sum + before, 0);
    const rendition = { rung: "", init: object, codecs, segments: segments.slice(first, first + count) };
    return pieceOf(audioPieceId(0, chunk), { kind: "audio", track: 0, chunk, timeScale, rendition });
  });
}

async function textPiece(store: Store): Promise<Piece> {
  const chunks = await Promise.all(realText.map((text) => store.putBytes(Buffer.from(text))));
  return pieceOf(textPieceId(0), { kind: "text", track: 0, chunks });
}

function pieceOf(id: Piece["id"], content: Piece["content"]): Piece {
  return { id, content, toolchain: "test", madeBy: "no0123456789abcdefghjk" as NodeId };
}
