import assert from "node:assert/strict";
import type { SourceDescription } from "./describe-source.ts";
import { keySpanLimit, PacketCollector } from "./packet-collector.ts";
import { madeStream } from "./source-stream.fixture.ts";
import { frameLimit } from "./timeline-codec.ts";

const video = madeStream();
const source: SourceDescription = {
  ...{ format: "mov", durationSeconds: null, streams: [video], video, timeBase: { num: 1, den: 1000 } },
  ...{ otherVideos: [], audio: [], subtitles: [], chapters: [], undecoded: new Set<number>() },
};

function collected(count: number, line: (index: number) => string): PacketCollector {
  const collector = new PacketCollector(source);
  for (let index = 0; index < count; index += 1) collector.take(line(index));
  return collector;
}

function keyLine(index: number): string {
  return `0,${index * 10},${index * 10},10,5,${index * 5},K__`;
}

describe("the packets of a source", function () {
  this.timeout(60_000);

  it("tell where they lie, a span for each keyframe", () => {
    const { spans, keyframes } = collected(3, keyLine).finish();
    assert.deepEqual([...keyframes], [0, 10, 20]);
    assert.deepEqual(
      spans.map(({ start, end }) => [start, end]),
      [
        [0, 5],
        [5, 10],
        [10, 15],
      ],
    );
  });

  it("count a keyframe's time once, in order", () => {
    const times = [20, 0, 20, 10];
    const { keyframes } = collected(times.length, (index) => `0,${times[index]},,10,5,0,K__`).finish();
    assert.deepEqual([...keyframes], [0, 10, 20]);
  });

  it("have no spans when one does not say where it lies", () => {
    const { spans } = collected(4, (index) => (index === 1 ? "0,10,10,10,5,N/A,K__" : keyLine(index))).finish();
    assert.deepEqual(spans, []);
  });

  it("have no spans when there are too many keyframes, but all their times", () => {
    assert.equal(collected(keySpanLimit, keyLine).finish().spans.length, keySpanLimit);
    const { spans, keyframes, pts } = collected(keySpanLimit + 1, keyLine).finish();
    assert.deepEqual([spans.length, keyframes.length, pts?.length], [0, keySpanLimit + 1, keySpanLimit + 1]);
  });

  it("are refused when they are more than a day at 60 a second has", () => {
    const collector = collected(frameLimit, () => "0,0,0,10,5,0,_D_");
    assert.throws(
      () => {
        collector.take("0,0,0,10,5,0,_D_");
      },
      { code: "media_limit", message: /5184000 frames/ },
    );
  });
});
