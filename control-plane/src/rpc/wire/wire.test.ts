import assert from "node:assert/strict";
import fc from "fast-check";
import { VsError } from "@vstream/core/errors.ts";
import { newId, videoPieceId, audioPieceId } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { Piece, PieceContent, Probe } from "@vstream/core/media.ts";
import { pieceIdOf } from "@vstream/core/media.ts";
import { SessionRequest, SessionResponse } from "@vstream/proto/agent.ts";
import { Piece as WirePiece, Probe as WireProbe } from "@vstream/proto/types.ts";
import type { ImagesPiece as WireImages } from "@vstream/proto/types.ts";
import type { ControlMessage } from "../../control-loop/session.ts";
import { failureFromWire, failureToWire } from "./failures.ts";
import { pieceFromWire, pieceToWire } from "./media.ts";
import { descriptionFromWire } from "./nodes.ts";
import { probeFromWire, probeToWire } from "./probe.ts";
import { listFromWire } from "./records.ts";
import { inventoryFromWire, taskEndFromWire } from "./reports.ts";
import { agentMessageFromWire, controlMessageToWire } from "./session.ts";

const nodeId = newId("node", Date.now());
const taskId = newId("task", Date.now());
const assetId = newId("asset", Date.now());

const plain = { noNullPrototype: true } as const;
const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/).map((text) => text as Sha256);
const object = fc.record({ sha256, bytes: fc.integer({ min: 10_000, max: 2 ** 31 }) }, plain);
const keyframe = fc.record(
  { offset: fc.nat(5_000), bytes: fc.integer({ min: 1, max: 5_000 }), durationTicks: fc.nat(2 ** 31) },
  plain,
);
const segment = fc.record(
  {
    object,
    durationTicks: fc.integer({ min: 1, max: 2 ** 40 }),
    startTicks: fc.nat(2 ** 31),
    keyframes: fc.array(keyframe, { maxLength: 4 }),
  },
  plain,
);
const side = fc.integer({ min: 1, max: 10_000 });
const image = fc.record({ object, width: side, height: side }, plain);
const rendition = fc.record(
  {
    rung: fc.string({ maxLength: 20 }),
    init: object,
    codecs: fc.string({ maxLength: 20 }),
    segments: fc.array(segment, { minLength: 1, maxLength: 5 }),
  },
  plain,
);
const frameHash = fc.stringMatching(/^([0-9a-f]{32})?$/);
const content: fc.Arbitrary<PieceContent> = fc.oneof(
  fc.record(
    {
      kind: fc.constant("source" as const),
      source: object,
      blockList: object,
      blockBytes: fc.integer({ min: 1, max: 2 ** 20 }),
    },
    plain,
  ),
  fc.record({ kind: fc.constant("timeline" as const), timeline: object }, plain),
  fc.record(
    {
      kind: fc.constant("video" as const),
      chunk: fc.nat(99_999),
      frames: fc.integer({ min: 1, max: 10_000 }),
      timeScale: fc.integer({ min: 1, max: 90_000 }),
      renditions: fc.array(rendition, { minLength: 1, maxLength: 3 }),
      joint: fc.record({ beforeFirst: frameHash, last: frameHash }, plain),
    },
    plain,
  ),
  fc.record(
    {
      kind: fc.constant("audio" as const),
      track: fc.nat(99),
      chunk: fc.nat(99_999),
      timeScale: fc.integer({ min: 1, max: 90_000 }),
      rendition,
    },
    plain,
  ),
  fc.record({ kind: fc.constant("text" as const), track: fc.nat(99), chunks: fc.array(object) }, plain),
  fc.record(
    {
      kind: fc.constant("images" as const),
      poster: image,
      sheets: fc.array(image, { minLength: 1, maxLength: 5 }),
      columns: fc.integer({ min: 1, max: 10 }),
      rows: fc.integer({ min: 1, max: 10 }),
      width: side,
      height: side,
      intervalMs: fc.integer({ min: 1, max: 60_000 }),
      thumbnails: fc.nat(1),
    },
    plain,
  ),
);
const piece: fc.Arbitrary<Piece> = fc
  .record({ content, toolchain: fc.string({ maxLength: 40 }), madeBy: fc.constantFrom("" as const, nodeId) }, plain)
  .map((parts) => ({ ...parts, id: pieceIdOf(parts.content) }));

const probe: Probe = {
  format: "mov,mp4",
  durationSeconds: 29.97,
  video: {
    width: 854,
    height: 480,
    codec: "h264",
    frameRate: 24,
    timeScale: 12_288,
    ticksPerFrame: 512,
    frames: 720,
    interlaced: false,
    pixelFormat: "yuv420p",
    videoRange: "SDR",
  },
  audio: [
    { track: 0, codec: "aac", language: "eng", channels: 2, sampleRate: 48_000, name: "Stereo", defaultTrack: true },
  ],
  segments: 5,
  longestSegmentSeconds: 6,
  text: [
    {
      stream: 1,
      codec: "subrip",
      language: "ger",
      name: "Deutsch",
      forced: true,
      hearingImpaired: false,
      convertible: true,
      captions: false,
      defaultTrack: true,
    },
  ],
  chapters: [{ startSeconds: 0, endSeconds: 10.5, title: "The beginning" }],
  warnings: ["the pictures of text were left out"],
  damaged: true,
};

const description = {
  name: "eu-1",
  region: "eu",
  zone: "",
  labels: { disk: "ssd" },
  playbackUrl: "http://127.0.0.1:8080/",
  peerUrl: "https://127.0.0.1:8081",
  version: "0.1.0",
  ffmpegVersion: "5.1.9",
  toolchain: "x",
  encodeSlots: 2,
  capacityBytes: 1_000_000,
};

function isRefused(act: () => unknown, name: RegExp): void {
  assert.throws(
    act,
    (thrown) => thrown instanceof VsError && thrown.code === "invalid_argument" && name.test(thrown.message),
  );
}

function pieceOf(change: (wire: WirePiece) => void, wanted: PieceContent["kind"] = "video"): WirePiece {
  const [wire] = fc.sample(piece.filter(({ content: { kind } }) => kind === wanted).map(pieceToWire), 1);
  assert.ok(wire);
  change(wire);
  return wire;
}

describe("wire", () => {
  it("gives every piece back as it was", () => {
    fc.assert(
      fc.property(piece, (given) => {
        const bytes = WirePiece.encode(pieceToWire(given)).finish();
        assert.deepEqual(pieceFromWire(WirePiece.decode(bytes)), given);
      }),
      { numRuns: 200 },
    );
  });

  it("takes what ffmpeg was told, as far as its limits go", () => {
    const told = pieceFromWire(pieceOf((wire) => (wire.arguments = ["ffmpeg -i file:source out.mp4"])));
    assert.deepEqual(told.arguments, ["ffmpeg -i file:source out.mp4"]);
    const long = Array.from({ length: 20 }, () => "x".repeat(20_000));
    const cut = pieceFromWire(pieceOf((wire) => (wire.arguments = long))).arguments ?? [];
    assert.deepEqual([cut.length, cut[0]?.length], [16, 16 * 1024]);
  });

  it("gives a probe and a failure back as they were", () => {
    assert.deepEqual(probeFromWire(WireProbe.decode(WireProbe.encode(probeToWire(probe)).finish())), probe);
    const failure = { code: "not_media", message: "no", hint: "try" } as const;
    assert.deepEqual(failureFromWire(failureToWire(failure)), failure);
  });

  it("refuses a piece whose id is not that of its content", () => {
    isRefused(() => pieceFromWire(pieceOf((wire) => (wire.id = "source"))), /piece id/);
    isRefused(() => pieceFromWire(undefined), /piece/);
  });

  it("refuses hashes, sizes and counts that cannot be", () => {
    const spoiled: [
      RegExp,
      (video: {
        renditions: { init?: { sha256: string; bytes: number } | undefined; segments: unknown[] }[];
        frames: number;
        joint?: { last: string } | undefined;
      }) => void,
    ][] = [
      [/hash/, (video) => (video.renditions[0]!.init!.sha256 = "../../etc")],
      [/bytes/, (video) => (video.renditions[0]!.init!.bytes = -1)],
      [/init/, (video) => (video.renditions[0]!.init = undefined)],
      [/segments/, (video) => (video.renditions[0]!.segments = [])],
      [/renditions/, (video) => (video.renditions = [])],
      [/frames/, (video) => (video.frames = 0)],
      [/joint/, (video) => (video.joint!.last = "zz")],
    ];
    for (const [name, spoil] of spoiled) {
      const wire = pieceOf(({ content: given }) => {
        assert.equal(given?.$case, "video");
        spoil(given.value);
      });
      isRefused(() => pieceFromWire(wire), name);
    }
  });

  it("refuses keyframes that lie outside of their segment, and more than a segment can have", () => {
    const [inside] = fc.sample(segment, 1);
    assert.ok(inside);
    const { bytes } = inside.object;
    const keyframe = { offset: 0, bytes: 1, durationTicks: 1 };
    const refused: [RegExp, { offset: number; bytes: number; durationTicks: number }[]][] = [
      [/keyframe bytes/, [{ ...keyframe, offset: bytes - 1, bytes: 2 }]],
      [/keyframe bytes/, [{ ...keyframe, bytes: 0 }]],
      [/keyframe offset/, [{ ...keyframe, offset: bytes + 1 }]],
      [/keyframe offset/, [{ ...keyframe, offset: -1 }]],
      [/keyframes/, Array.from({ length: 65 }, () => keyframe)],
    ];
    for (const [name, keyframes] of refused) {
      const wire = pieceOf(({ content: given }) => {
        assert.equal(given?.$case, "video");
        given.value.renditions[0]!.segments = [{ ...inside, keyframes }];
      });
      isRefused(() => pieceFromWire(wire), name);
    }
  });

  it("refuses images of sizes and numbers that cannot be", () => {
    const spoiled: [RegExp, (images: WireImages) => void][] = [
      [/poster/, (images) => (images.poster = undefined)],
      [/width/, (images) => (images.poster!.width = 0)],
      [/columns/, (images) => (images.columns = 0)],
      [/interval/, (images) => (images.intervalMs = 0)],
      [/thumbnails/, (images) => (images.thumbnails = images.sheets.length * images.columns * images.rows + 1)],
      [/sheets/, (images) => (images.sheets = Array.from({ length: 2_001 }, () => images.poster!))],
    ];
    for (const [name, spoil] of spoiled) {
      const wire = pieceOf(({ content: given }) => {
        assert.equal(given?.$case, "images");
        spoil(given.value);
      }, "images");
      isRefused(() => pieceFromWire(wire), name);
    }
  });

  it("cuts what a probe only describes, and refuses more streams than are believed", () => {
    const long = `${"x".repeat(199)}😀`;
    const chapter = { startSeconds: -1, endSeconds: Number.NaN, title: long };
    const { chapters, warnings, audio, text } = probeFromWire({
      ...probeToWire(probe),
      audio: probe.audio.map((stream) => ({ ...stream, name: long })),
      text: probe.text.map((stream) => ({ ...stream, name: long })),
      chapters: Array.from({ length: 1_001 }, () => chapter),
      warnings: Array.from({ length: 21 }, () => "w".repeat(600)),
    });
    assert.deepEqual([chapters.length, warnings.length, warnings[0]?.length], [1_000, 20, 500]);
    assert.deepEqual([chapters[0]?.startSeconds, chapters[0]?.endSeconds], [0, 0]);
    const cut = `${"x".repeat(199)}\ufffd`;
    assert.deepEqual([chapters[0]?.title, audio[0]?.name, text[0]?.name], [cut, cut, cut]);
    const privateTag = `en-x-${"abcdefgh-".repeat(8)}z`;
    const spoken = probe.text.map((stream) => ({ ...stream, language: privateTag, codec: long }));
    const [first] = probeFromWire({ ...probeToWire(probe), text: spoken }).text;
    assert.deepEqual([first?.language, first?.codec.length], ["", 64]);
    const many = Array.from({ length: 65 }, () => probe.text[0]!);
    isRefused(() => probeFromWire({ ...probeToWire(probe), text: many }), /text streams/);
  });

  it("checks how a node describes itself", () => {
    assert.equal(descriptionFromWire(description).playbackUrl, "http://127.0.0.1:8080");
    isRefused(() => descriptionFromWire(undefined), /description/);
    isRefused(() => descriptionFromWire({ ...description, name: "a b" }), /name/);
    isRefused(() => descriptionFromWire({ ...description, playbackUrl: "javascript:alert(1)" }), /playback/);
    isRefused(() => descriptionFromWire({ ...description, peerUrl: "http://127.0.0.1:1" }), /peer/);
    isRefused(() => descriptionFromWire({ ...description, peerUrl: "https://u:p@127.0.0.1:1" }), /peer/);
    isRefused(() => descriptionFromWire({ ...description, capacityBytes: -1 }), /capacity/);
    isRefused(() => descriptionFromWire({ ...description, encodeSlots: 1.5 }), /slots/);
    isRefused(() => descriptionFromWire({ ...description, labels: { "": "x" } }), /label/);
    assert.equal(descriptionFromWire({ ...description, zone: "rack-1" }).zone, "rack-1");
    isRefused(() => descriptionFromWire({ ...description, zone: "a b" }), /zone/);
  });

  it("checks what an agent says in its session", () => {
    const lease = { taskId, epoch: 3 };
    const hello = SessionRequest.fromPartial({
      message: { $case: "hello", value: { node: description, leases: [lease] } },
    });
    const message = agentMessageFromWire(SessionRequest.decode(SessionRequest.encode(hello).finish()));
    assert.equal(message.kind, "hello");
    assert.deepEqual(message.runningLeases, [lease]);
    isRefused(() => agentMessageFromWire({ message: undefined }), /message/);
    const progress = { taskId, epoch: 3, progress: Number.NaN, speed: Number.POSITIVE_INFINITY };
    const shown = agentMessageFromWire({ message: { $case: "progress", value: progress } });
    assert.deepEqual(shown, { kind: "progress", taskId, epoch: 3, progress: 0, speed: 1_000_000 });
    const leases = [{ taskId: "ta'; drop", epoch: 1 }];
    isRefused(() => agentMessageFromWire({ message: { $case: "renewLeases", value: { leases } } }), /task/);
  });

  it("says everything that the control loop can say", () => {
    const [made] = fc.sample(piece, 1);
    const source = {
      source: { sha256: "a".repeat(64) as Sha256, bytes: 1 },
      blockList: { sha256: "b".repeat(64) as Sha256, bytes: 2 },
      blockBytes: 3,
    };
    const grant = { kind: "lease-grant", taskId, assetId, epoch: 1, term: 2, timeLimitMs: 3 } as const;
    const holders = [nodeId];
    const timeline = source.source;
    const chunk = { index: 0, firstSegment: 0, segmentCount: 1 };
    const named = { track: 0, stream: 1, language: "en", name: "", defaultTrack: true };
    const target = { ...named, channels: 2, bitrateBps: 1, sampleRate: 48_000 };
    const text = { ...named, origin: "stream", file: 0, forced: false, hearingImpaired: true } as const;
    const images = { posterRung: "720p", thumbnailRung: "234p", intervalMs: 5_000 };
    assert.ok(made);
    const messages: ControlMessage[] = [
      {
        kind: "welcome",
        incarnation: "i",
        term: 1,
        heartbeatMs: 2,
        leaseMs: 3,
        ticketKeyPem: "p",
        scheduling: "active",
      },
      { kind: "heartbeat-ack", sequence: 4 },
      { ...grant, work: { kind: "probe", source, holders, allowDamaged: false } },
      {
        ...grant,
        work: { kind: "transcode", source, timeline, holders, chunk, rungs: [], preRollKeyframes: 2, edition: 3 },
      },
      { ...grant, work: { kind: "audio", source, timeline, holders, target, chunkSegments: [1, 2], edition: 4 } },
      { ...grant, work: { kind: "text", source, timeline, holders, target: text, chunkSegments: [1, 2] } },
      { ...grant, work: { kind: "images", target: images, holders, edition: 5 } },
      { ...grant, work: { kind: "check", holders, edition: 6 } },
      { ...grant, work: { kind: "replicate", piece: made, holders } },
      { ...grant, work: { kind: "discard", pieceIds: [videoPieceId(1), audioPieceId(0, 1)] } },
      { ...grant, work: { kind: "verify", pieceIds: [videoPieceId(1)] } },
      { kind: "leases-renewed", leases: [{ taskId, epoch: 1 }] },
      { kind: "lease-cancel", lease: { taskId, epoch: 1 }, reason: "r" },
      { kind: "directory", nodes: [{ ...description, nodeId, serving: true, health: "up", scheduling: "active" }] },
      { kind: "manifest-news", entries: [{ assetId, version: 3, deleted: false }], complete: true },
      { kind: "query", id: "q", question: { kind: "task-log", taskId } },
      { kind: "query", id: "q", question: { kind: "node-log", lines: 5 } },
    ];
    for (const message of messages) {
      const wire = controlMessageToWire(message);
      if (message.kind === "lease-grant") {
        const heard = SessionResponse.decode(SessionResponse.encode(wire).finish()).message;
        assert.equal(heard?.$case === "leaseGrant" && heard.value.work?.$case, message.work.kind);
      }
      const bytes = SessionResponse.encode(wire).finish();
      assert.ok(bytes.length > 2, message.kind);
      assert.deepEqual(SessionResponse.encode(SessionResponse.decode(bytes)).finish(), bytes);
    }
  });

  it("checks reports and the way lists are cut", () => {
    const fence = { incarnation: "i", term: 1, epoch: 1 };
    const failed = {
      $case: "failed",
      value: { code: "from_the_future", message: "m", hint: "", retryable: true },
    } as const;
    const report = taskEndFromWire({ fence, taskId, outcome: failed, log: Array<string>(500).fill("l") }, nodeId);
    assert.equal(report.log.length, 100);
    assert.deepEqual(report.outcome, { kind: "failed", failure: { code: "internal", message: "m", hint: "" } });
    isRefused(() => taskEndFromWire({ fence: undefined, taskId, outcome: failed, log: [] }, nodeId), /fence/);
    isRefused(() => taskEndFromWire({ fence, taskId, outcome: undefined, log: [] }, nodeId), /outcome/);
    const damagedPieceIds = ["video-00001", "../x"];
    const verified = { probe: undefined, pieces: [], damagedPieceIds, checkedBytes: 1, check: undefined };
    const success = { $case: "succeeded", value: verified } as const;
    isRefused(() => taskEndFromWire({ fence, taskId, outcome: success, log: [] }, nodeId), /piece/);
    const found = { rule: "Apple 7.3", level: "must", subject: "480p", message: "m" };
    const ended = (change: Partial<typeof found>, count = 1) => {
      const findings = Array.from({ length: count }, () => ({ ...found, ...change }));
      const check = { rules: 70, findings };
      const value = { ...verified, damagedPieceIds: [], check };
      return taskEndFromWire({ fence, taskId, outcome: { $case: "succeeded", value }, log: [] }, nodeId).outcome;
    };
    assert.deepEqual(ended({}), {
      ...{ kind: "succeeded", probe: null, pieces: [], damagedPieceIds: [] },
      check: { rules: 70, findings: [found] },
    });
    isRefused(() => ended({}, 51), /findings/);
    isRefused(() => ended({ level: "may" }), /level/);
    isRefused(() => ended({ rule: "" }), /rule/);
    isRefused(() => inventoryFromWire({ entries: [{ assetId, pieceIds: ["../x"] }] }), /piece/);
    assert.equal(listFromWire(undefined).limit, 50);
    isRefused(() => listFromWire({ limit: 501, cursor: "", sort: "", states: [], node: "", labels: {} }), /limit/);
  });
});
