import assert from "node:assert/strict";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { PieceContent, Segment } from "@vstream/core/media.ts";
import { aPlan, aProbe, aText, aVideo, anAudio, someImages } from "./contract/builders.ts";
import type { Json } from "./json-column.ts";
import { contentFromJson, contentToJson, planFromJson, probeFromJson, ratesFromJson } from "./stored-media.ts";

/** As a row holds it that an older version wrote. */
function old<Value>(value: unknown): Json<Value> {
  return JSON.stringify(value) as Json<Value>;
}

const target = { track: 1, language: "de", channels: 2, bitrateBps: 128_000, sampleRate: 48_000 };

describe("media as the catalog keeps it", () => {
  it("comes back as it was", () => {
    for (const { content } of [aVideo(3), anAudio(2), aText(1), someImages()]) {
      assert.deepEqual(contentFromJson(contentToJson(content)), content);
    }
  });

  it("has none of what was not there when it was written", () => {
    const { rungs, chunks } = aPlan;
    const oldRungs = rungs.map(({ videoRange: _, ...rung }) => rung);
    const whole = { ...target, stream: 1, name: "", defaultTrack: false };
    assert.deepEqual(planFromJson(old({ rungs: oldRungs, audio: [target], chunks })), {
      ...{ rungs, audio: [whole], text: [], images: null, chunks },
    });
    const words = { track: 0, stream: 1, language: "en", name: "", forced: false, hearingImpaired: false };
    const { text } = planFromJson(old({ rungs, audio: [], text: [words], chunks }));
    assert.deepEqual(text, [{ ...words, origin: "stream", file: 0, defaultTrack: false }]);
    const stream = { track: 0, codec: "aac", language: "en", channels: 2, sampleRate: 48_000 };
    const { format, durationSeconds, segments, longestSegmentSeconds } = aProbe;
    const { videoRange: _, ...video } = aProbe.video;
    const before = { format, durationSeconds, video, audio: [stream], segments, longestSegmentSeconds };
    assert.deepEqual(probeFromJson(old(before)), aProbe);
    const rates = { bandwidthBps: 2, averageBandwidthBps: 1, codecs: "mp4a.40.2" };
    const { audio } = ratesFromJson(old({ renditions: [], audio: [{ target, ...rates }] }));
    assert.deepEqual(audio, [{ target: whole, ...rates }]);
    const segment = { object: { sha256: "a".repeat(64), bytes: 1 }, durationTicks: 1, startTicks: 0 };
    const rendition = { rung: "480p", codecs: "avc1", init: segment.object, segments: [segment] };
    const content = contentFromJson(old({ kind: "video", chunk: 0, renditions: [rendition] }));
    assert.deepEqual(content.kind === "video" && content.renditions[0]?.segments[0]?.keyframes, []);
  });

  it("takes a few bytes for each keyframe, and none where there are none", () => {
    const segment: Segment = {
      object: { sha256: "b".repeat(64) as Sha256, bytes: 1_000_000 },
      durationTicks: 144_000,
      startTicks: 0,
      keyframes: [],
    };
    const sizeOf = (keyframes: Segment["keyframes"]): number => {
      const rendition = { rung: "", codecs: "", init: segment.object, segments: [{ ...segment, keyframes }] };
      const content: PieceContent = { kind: "audio", track: 0, chunk: 0, timeScale: 1, rendition };
      return contentToJson(content).length;
    };
    const keyframe = { offset: 500_000, bytes: 40_000, durationTicks: 48_000 };
    assert.ok(!contentToJson(anAudio(0).content).includes("keyframes"));
    assert.ok(sizeOf(Array.from({ length: 10 }, () => keyframe)) - sizeOf([]) <= 10 * 25);
  });
});
