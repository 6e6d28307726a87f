import assert from "node:assert/strict";
import { imagesPieceIdIn, newId } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import { pieceIdOf } from "@vstream/core/media.ts";
import type { ObjectRef, Piece, PieceContent, Probe, TextTarget } from "@vstream/core/media.ts";
import { LeaseGrant, Manifest } from "@vstream/proto/agent.ts";
import { Piece as WirePiece, Probe as WireProbe } from "@vstream/proto/types.ts";
import { grantFromWire, manifestFromWire } from "./wire.ts";
import { pieceFromWire } from "./wire-media.ts";
import { pieceToWire } from "./wire-pieces.ts";
import { probeFromWire, probeToWire } from "./wire-targets.ts";

const object: ObjectRef = { sha256: "ab".repeat(32) as Sha256, bytes: 10 };
const other: ObjectRef = { sha256: "cd".repeat(32) as Sha256, bytes: 20 };
const image = { object, width: 1600, height: 90 };
const textTarget: TextTarget = {
  ...{ track: 1, origin: "stream", stream: 2, file: 0, language: "de", name: "Deutsch" },
  ...{ forced: true, hearingImpaired: false, defaultTrack: true },
};
const work = {
  source: { source: object, blockList: other, blockBytes: 1024 },
  timeline: other,
  holders: [newId("node", 0)],
  chunkSegments: [1, 2],
};

function pieceOf(content: PieceContent): Piece {
  return { id: pieceIdOf(content), content, toolchain: "t", madeBy: "" };
}

const keyframes = [
  { offset: 0, bytes: 5000, durationTicks: 24_576 },
  { offset: 90_000, bytes: 4000, durationTicks: 12_288 },
];
const segment = { object: other, durationTicks: 36_864, startTicks: 0, keyframes };
const contents: readonly PieceContent[] = [
  {
    ...{ kind: "video", chunk: 3, frames: 72, timeScale: 12_288, joint: { beforeFirst: "", last: "x" } },
    renditions: [{ rung: "360p", init: object, codecs: "avc1.4D401E", segments: [segment] }],
  },
  { kind: "text", track: 7, chunks: [object, other, object] },
  {
    ...{ kind: "images", poster: { ...image, object: other }, sheets: [image, image], columns: 10, rows: 10 },
    ...{ width: 160, height: 90, intervalMs: 5000, thumbnails: 110 },
  },
];
const probe: Probe = {
  ...{ format: "matroska", durationSeconds: 6, segments: 1, longestSegmentSeconds: 6 },
  video: {
    ...{ width: 640, height: 360, codec: "h264", frameRate: 24, timeScale: 24_000, ticksPerFrame: 1000 },
    ...{ frames: 144, interlaced: false, pixelFormat: "yuv420p", videoRange: "SDR" },
  },
  audio: [
    { track: 0, codec: "aac", language: "en", channels: 2, sampleRate: 48_000, name: "Main", defaultTrack: true },
  ],
  text: [
    {
      ...{ stream: 2, codec: "subrip", language: "de", name: "Deutsch", forced: true, hearingImpaired: false },
      ...{ convertible: true, captions: false, defaultTrack: true },
    },
  ],
  chapters: [{ startSeconds: 0, endSeconds: 2.5, title: "One" }],
  warnings: ["a track was left out"],
  damaged: true,
};

describe("what is made, over the wire", () => {
  for (const content of contents) {
    it(`comes back as it was: ${content.kind}`, () => {
      const sent = WirePiece.encode(pieceToWire(pieceOf(content))).finish();
      assert.deepEqual(pieceFromWire(WirePiece.decode(sent)), pieceOf(content));
    });
  }

  it("is refused when it makes no sense", () => {
    const text = pieceToWire(pieceOf(contents[1]!));
    assert.throws(() => pieceFromWire({ ...text, id: "text-8" }), { code: "invalid_argument" });
    const images = pieceToWire(pieceOf(contents[2]!));
    assert.ok(images.content?.$case === "images");
    const value = { ...images.content.value, poster: undefined };
    assert.throws(() => pieceFromWire({ ...images, content: { $case: "images", value } }), {
      code: "invalid_argument",
    });
    const negative = { ...images.content.value, thumbnails: -1 };
    const wrong = { ...images, content: { $case: "images" as const, value: negative } };
    assert.throws(() => pieceFromWire(wrong), { code: "invalid_argument" });
  });

  it("is told in a probe", () => {
    const sent = WireProbe.encode(probeToWire(probe)).finish();
    assert.deepEqual(probeFromWire(WireProbe.decode(sent)), probe);
  });

  it("stands in a manifest", () => {
    const sent = Manifest.fromPartial({
      ...{ assetId: newId("asset", 0), version: 2, title: "t", probe: probeToWire(probe), totalChunks: 4 },
      ...{ text: [textTarget], extras: contents.slice(1).map((content) => pieceToWire(pieceOf(content))) },
    });
    const manifest = manifestFromWire(Manifest.decode(Manifest.encode(sent).finish()));
    assert.deepEqual(manifest.text, [textTarget]);
    assert.deepEqual(manifest.extras, contents.slice(1).map(pieceOf));
  });

  it("stands in a manifest beside another edition", () => {
    const piece = { ...pieceOf(contents[2]!), id: imagesPieceIdIn(3) };
    const sent = Manifest.fromPartial({
      ...{ assetId: newId("asset", 0), version: 2, title: "t", probe: probeToWire(probe), totalChunks: 4, edition: 4 },
      previous: [{ edition: 3, renditions: [], audio: [], pieces: [pieceToWire(piece)] }],
    });
    const manifest = manifestFromWire(Manifest.decode(Manifest.encode(sent).finish()));
    assert.deepEqual([manifest.edition, manifest.previous[0]?.edition], [4, 3]);
    assert.deepEqual(manifest.previous[0]?.pieces, [piece]);
  });
});

describe("work that is leased", () => {
  function leased(given: LeaseGrant["work"]) {
    const grant = { taskId: newId("task", 0), assetId: newId("asset", 0), epoch: 1, term: 1, timeLimitMs: 0 };
    const sent = LeaseGrant.encode({ ...grant, work: given }).finish();
    return grantFromWire(LeaseGrant.decode(sent), "i").work;
  }

  it("names the text track to be converted", () => {
    const value = { ...work, holders: [...work.holders], target: textTarget };
    assert.deepEqual(leased({ $case: "text", value }), { kind: "text", ...work, target: textTarget });
  });

  it("names the codec and the range of each rung, SDR where nothing is said, and no others", () => {
    const rung = {
      ...{ name: "540p-hdr", width: 960, height: 540, codec: "hevc", preset: "fast", crf: 24, maxrateBps: 1_500_000 },
      ...{ bufferBits: 3_000_000, profile: "main10", videoRange: "PQ" },
    };
    const leasedRungs = (change: Partial<typeof rung>) => {
      const { chunkSegments: _, ...rest } = { ...work, holders: [...work.holders] };
      const value = { ...rest, chunk: 0, firstSegment: 0, segmentCount: 1, preRollKeyframes: 2, edition: 0 };
      const given = leased({ $case: "transcode", value: { ...value, rungs: [{ ...rung, ...change }] } });
      return given.kind === "transcode" ? given.rungs : [];
    };
    assert.deepEqual(leasedRungs({}), [rung]);
    assert.equal(leasedRungs({ videoRange: "" })[0]?.videoRange, "SDR");
    for (const wrong of [{ codec: "av1" }, { videoRange: "HDR" }, { name: "../x" }]) {
      assert.throws(() => leasedRungs(wrong), { code: "invalid_argument" });
    }
  });

  it("names what images are made of, and is refused without sense", () => {
    const target = { posterRung: "720p", thumbnailRung: "234p", intervalMs: 5000 };
    const value = { target, holders: [...work.holders], edition: 2 };
    assert.deepEqual(leased({ $case: "images", value }), { kind: "images", ...value });
    for (const wrong of [{ intervalMs: 0 }, { posterRung: "../x" }, { thumbnailRung: "" }]) {
      const given = { $case: "images" as const, value: { ...value, target: { ...target, ...wrong } } };
      assert.throws(() => leased(given), { code: "invalid_argument" });
    }
  });
});
