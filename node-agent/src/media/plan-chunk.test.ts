import assert from "node:assert/strict";
import { byteRangesFor, joined, planChunk } from "./plan-chunk.ts";
import { durationSeconds, keyframeStarts, segmentCount, segmentStarts, segmentTimes } from "./timeline.ts";
import { madeTimeline } from "./timeline.fixture.ts";

function chunk(firstSegment: number, segmentCount_ = 1) {
  return { index: firstSegment, firstSegment, segmentCount: segmentCount_ };
}

const timeline = madeTimeline(720);

describe("segments of a timeline", () => {
  it("begin at the first frame at or after each six seconds", () => {
    assert.deepEqual(segmentStarts(timeline), [0, 144, 288, 432, 576]);
    assert.deepEqual(segmentTimes(timeline), [0, 6, 12, 18, 24, 30]);
    assert.equal(durationSeconds(timeline), 30);
  });

  it("begin after a hole where the hole takes their time, and once only", () => {
    const holed = madeTimeline(720, (frame) => frame >= 140 && frame < 300);
    assert.equal(segmentCount(holed), 4);
    assert.deepEqual(segmentStarts(holed), [0, 140, 272, 416]);
  });

  it("consist of groups of pictures of two seconds", () => {
    assert.deepEqual(keyframeStarts(timeline).slice(0, 4), [0, 48, 96, 144]);
  });
});

describe("the plan of a chunk", () => {
  it("cuts by the source's timestamps", () => {
    const plan = planChunk(timeline, chunk(1), 2);
    assert.deepEqual([plan.firstFrame, plan.endFrame], [144, 288]);
    assert.deepEqual([plan.startPts, plan.endPts, plan.afterEndPts], [74_728, 148_456, 148_968]);
    assert.deepEqual(plan.joint, { beforePts: 74_216, lastFromPts: 147_944 });
  });

  it("has no cut at the ends of the source", () => {
    const plan = planChunk(timeline, chunk(0, 5), 2);
    assert.deepEqual([plan.startPts, plan.endPts, plan.joint.beforePts, plan.seekSeconds], [null, null, null, null]);
  });

  it("starts decoding at the second keyframe at or before the first frame, or further back", () => {
    const seeks = [2, 4, 1, 8, 0].map((preRoll) => planChunk(timeline, chunk(1), preRoll).seekSeconds);
    const at = (second: number): number => Math.ceil((1000 / 12_288 + second) * 1e6) / 1e6;
    assert.deepEqual(seeks, [at(5), at(3), at(5), null, null]);
  });

  it("asks for keyframes half a frame early, by the chunk's own frames", () => {
    const { keyframeSeconds } = planChunk(timeline, chunk(2), 2);
    assert.deepEqual(
      keyframeSeconds.map((seconds) => seconds * 24),
      [0, 47.5, 95.5],
    );
  });

  it("numbers its groups in the whole asset", () => {
    const { groups } = planChunk(timeline, chunk(1, 2), 2);
    assert.deepEqual(
      groups.map(({ index, segment, endTicks }) => [index, segment, endTicks]),
      [3, 4, 5, 6, 7, 8].map((index) => [index, Math.floor(index / 3), (index + 1) * 48 * 512]),
    );
  });

  it("is refused for segments that are not there", () => {
    assert.throws(() => planChunk(timeline, chunk(4, 2), 2), { code: "invalid_argument" });
  });
});

describe("the parts of a source that a chunk needs", () => {
  const sourceBytes = 100_000_000;

  it("are its head, its indexes, and its packets with pre-roll and some after", () => {
    const ranges = byteRangesFor(timeline, chunk(1), { preRollKeyframes: 2, sourceBytes });
    assert.deepEqual(ranges, [
      { start: 0, end: 1024 * 1024 },
      // From the keyframe at 5 s; frame b lies in the group of second 12, and three more are taken.
      { start: 5_000_000 + 5 * 24_000, end: 5_000_000 + 16 * 24_000 },
      { start: 99_000_000, end: 99_005_000 },
    ]);
  });

  it("begin a keyframe earlier where seeking is not exact", () => {
    const loose = { ...timeline, layout: { ...timeline.layout, seeksToPts: false } };
    const ranges = byteRangesFor(loose, chunk(1), { preRollKeyframes: 2, sourceBytes });
    assert.equal(ranges[1]?.start, 5_000_000 + 4 * 24_000);
  });

  it("are all of it when it is small or its layout is not known", () => {
    const whole = (size: number) => [{ start: 0, end: size }];
    assert.deepEqual(byteRangesFor(timeline, chunk(1), { preRollKeyframes: 2, sourceBytes: 5e6 }), whole(5e6));
    const unknown = { ...timeline, layout: { fixed: null, seeksToPts: true } };
    assert.deepEqual(byteRangesFor(unknown, chunk(1), { preRollKeyframes: 2, sourceBytes }), whole(sourceBytes));
  });

  it("are merged and kept within the file", () => {
    const ranges = joined(
      [
        { start: 50, end: 200 },
        { start: 0, end: 10 },
        { start: 5, end: 20 },
        { start: 300, end: 400 },
      ],
      100,
    );
    assert.deepEqual(ranges, [
      { start: 0, end: 20 },
      { start: 50, end: 100 },
    ]);
  });
});
