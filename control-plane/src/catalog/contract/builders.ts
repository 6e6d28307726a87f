// What the contract's tests are built from: descriptions, pieces, plans, tasks and reports as plain data.
import { createHash } from "node:crypto";
import {
  audioPieceId,
  imagesPieceId,
  newId,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "@vstream/core/ids.ts";
import type { AssetId, NodeId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import type { NodeDescription, ObjectRef, Piece, Probe, RenditionSegments } from "@vstream/core/media.ts";
import type { NewTask } from "../../planning/decisions.ts";
import type { Catalog, ListQuery, NewAsset, TaskReport } from "../catalog.ts";
import type { AssetRecord, EncodePlan, TaskRecord, TokenRecord } from "../records.ts";

/** The moment at which the tests happen. */
export const now = Date.UTC(2026, 5, 1);

let serial = 0;

export function unique(word: string): string {
  serial += 1;
  return `${word}-${serial}`;
}

export function sha256(text: string): Sha256 {
  return createHash("sha256").update(text).digest("hex") as Sha256;
}

export function objectRef(text: string, bytes = 1000): ObjectRef {
  return { sha256: sha256(text), bytes };
}

export function aDescription(changes: Partial<NodeDescription> = {}): NodeDescription {
  const name = changes.name ?? unique("node");
  return {
    name,
    region: "eu",
    zone: "",
    labels: {},
    playbackUrl: `http://${name}:8080`,
    peerUrl: `https://${name}:8443`,
    version: "0.1.0",
    ffmpegVersion: "5.1.9",
    toolchain: "x264-a",
    encodeSlots: 2,
    capacityBytes: 1_000_000,
    ...changes,
  };
}

export function aToken(changes: Partial<TokenRecord> = {}): TokenRecord {
  return {
    id: newId("token", now),
    kind: "node",
    secretSha256: sha256("secret"),
    name: "",
    region: "",
    role: "",
    createdAt: now,
    expiresAt: now + 900_000,
    usedAt: null,
    revokedAt: null,
    ...changes,
  };
}

export function anAsset(changes: Partial<NewAsset> = {}): NewAsset {
  const id = newId("asset", now);
  return {
    id,
    title: `Clip ${id}`,
    labels: {},
    externalId: null,
    ladder: "default",
    replicasWanted: 2,
    regions: [],
    priority: 0,
    sourceName: "clip.mp4",
    sourceSha256: sha256(`source of ${id}`),
    sourceBytes: 5000,
    sourceUrl: null,
    allowDamaged: false,
    keepSource: "always",
    subtitleFiles: [],
    force: false,
    homes: [],
    homeReasons: {},
    pins: [],
    at: now,
    actor: "user:test",
    ...changes,
  };
}

export function aSource(asset: Pick<AssetRecord, "sourceSha256" | "sourceBytes">): Piece {
  const hash = asset.sourceSha256 ?? sha256("a fetched source");
  const source = { sha256: hash, bytes: asset.sourceBytes };
  const blockList = objectRef(`blocks of ${hash}`, 32);
  return {
    id: sourcePieceId,
    content: { kind: "source", source, blockList, blockBytes: 1_048_576 },
    toolchain: "",
    madeBy: "",
  };
}

export function aTimeline(salt = ""): Piece {
  const content = { kind: "timeline", timeline: objectRef(`timeline${salt}`, 100) } as const;
  return { id: timelinePieceId, content, toolchain: "x264-a", madeBy: "" };
}

export function aVideo(chunk: number, salt = ""): Piece {
  const joint = { beforeFirst: chunk === 0 ? "" : `frame-${chunk - 1}`, last: `frame-${chunk}` };
  const renditions = [aRendition("480p", "avc1.64001e", `${chunk}${salt}`)];
  const content = { kind: "video", chunk, frames: 144, timeScale: 24_000, renditions, joint } as const;
  return { id: videoPieceId(chunk), content, toolchain: "x264-a", madeBy: "" };
}

export function anAudio(chunk: number, salt = ""): Piece {
  const rendition = aRendition("audio-0", "mp4a.40.2", `audio-${chunk}${salt}`);
  const content = { kind: "audio", track: 0, chunk, timeScale: 48_000, rendition } as const;
  return { id: audioPieceId(0, chunk), content, toolchain: "x264-a", madeBy: "" };
}

function aRendition(rung: string, codecs: string, salt: string): RenditionSegments {
  const object = objectRef(`${rung} ${salt}`, 6000);
  // Of sound there are none.
  const keyframes = codecs.startsWith("avc1")
    ? [
        { offset: 100, bytes: 2_000, durationTicks: 72_000 },
        { offset: 4_100, bytes: 1_500, durationTicks: 72_000 },
      ]
    : [];
  const segments = [{ object, durationTicks: 144_000, startTicks: 0, keyframes }];
  return { rung, codecs, init: objectRef(`${rung} init`, 700), segments };
}

/** Two chunks of it, as aPlan has. */
export function aText(track = 0, salt = ""): Piece {
  const chunks = [0, 1].map((chunk) => objectRef(`text-${track} ${chunk}${salt}`, 40));
  return { id: textPieceId(track), content: { kind: "text", track, chunks }, toolchain: "x264-a", madeBy: "" };
}

export function someImages(salt = ""): Piece {
  const poster = { object: objectRef(`poster${salt}`, 9000), width: 854, height: 480 };
  const sheets = [{ object: objectRef(`sheet${salt}`, 4000), width: 320, height: 90 }];
  const sizes = { columns: 2, rows: 1, width: 160, height: 90, intervalMs: 10_000, thumbnails: 2 };
  return {
    id: imagesPieceId,
    content: { kind: "images", poster, sheets, ...sizes },
    toolchain: "x264-a",
    madeBy: "",
  };
}

export const aProbe: Probe = {
  format: "mov,mp4",
  durationSeconds: 12,
  video: {
    width: 854,
    height: 480,
    codec: "h264",
    frameRate: 24,
    timeScale: 24_000,
    ticksPerFrame: 1000,
    frames: 288,
    interlaced: false,
    pixelFormat: "yuv420p",
    videoRange: "SDR",
  },
  audio: [{ track: 0, codec: "aac", language: "en", channels: 2, sampleRate: 48_000, name: "", defaultTrack: false }],
  segments: 2,
  longestSegmentSeconds: 6,
  text: [],
  chapters: [],
  warnings: [],
  damaged: false,
};

/** One rung, one audio track, two chunks of a segment each. */
export const aPlan: EncodePlan = {
  rungs: [
    {
      name: "480p",
      width: 854,
      height: 480,
      codec: "h264",
      preset: "medium",
      crf: 23,
      maxrateBps: 1_000_000,
      bufferBits: 2_000_000,
      profile: "high",
      videoRange: "SDR",
    },
  ],
  audio: [
    {
      track: 0,
      stream: 0,
      language: "en",
      channels: 2,
      bitrateBps: 128_000,
      sampleRate: 48_000,
      name: "",
      defaultTrack: false,
    },
  ],
  text: [],
  images: null,
  chunks: [
    { index: 0, firstSegment: 0, segmentCount: 1 },
    { index: 1, firstSegment: 1, segmentCount: 1 },
  ],
};

/** The same, with two tracks of text and images. */
export const aRichPlan: EncodePlan = {
  ...aPlan,
  text: ["en", "de"].map((language, track) => {
    const plain = { origin: "stream", file: 0, forced: false, hearingImpaired: false, defaultTrack: false } as const;
    return { track, stream: track, language, name: "", ...plain };
  }),
  images: { posterRung: "480p", thumbnailRung: "480p", intervalMs: 10_000 },
};

export function aTask(assetId: AssetId, changes: Partial<NewTask> = {}): NewTask {
  return {
    kind: "transcode",
    assetId,
    pieceId: videoPieceId(0),
    discardPieceIds: [],
    nodeId: null,
    priority: 0,
    rank: 0,
    preRollKeyframes: 2,
    notBefore: 0,
    ...changes,
  };
}

export function aReport(catalog: Catalog, task: TaskRecord, changes: Partial<TaskReport> = {}): TaskReport {
  return {
    taskId: task.id,
    nodeId: task.nodeId ?? ("" as NodeId),
    incarnation: catalog.identity.incarnation,
    epoch: task.epoch,
    at: now,
    log: [],
    outcome: aSuccess([]),
    ...changes,
  };
}

export function aSuccess(pieces: readonly Piece[], probe: Probe | null = null): TaskReport["outcome"] {
  return { kind: "succeeded", probe, pieces, damagedPieceIds: [], check: null };
}

/** Of a verification. */
export function aFinding(damagedPieceIds: readonly PieceId[]): TaskReport["outcome"] {
  return { kind: "succeeded", probe: null, pieces: [], damagedPieceIds, check: null };
}

export function aFailure(retryAt: number | null): TaskReport["outcome"] {
  return { kind: "failed", failure: { code: "ffmpeg_failed", message: "ffmpeg failed", hint: "" }, retryAt };
}

export function aList(changes: Partial<ListQuery> = {}): ListQuery {
  return { limit: 50, cursor: null, sort: null, states: [], nodeId: null, labels: {}, ...changes };
}
