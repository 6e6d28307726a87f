import assert from "node:assert/strict";
import fc from "fast-check";
import { splitChunks } from "./split-chunks.ts";

describe("the chunk plan", () => {
  it("has one segment a chunk for a short clip", () => {
    assert.deepEqual(
      splitChunks(3).map(({ firstSegment, segmentCount }) => [firstSegment, segmentCount]),
      [
        [0, 1],
        [1, 1],
        [2, 1],
      ],
    );
  });

  it("has five segments a chunk for a film, after a first one of one", () => {
    const chunks = splitChunks(1200);
    assert.deepEqual(
      chunks.slice(0, 2).map(({ segmentCount }) => segmentCount),
      [1, 5],
    );
    assert.equal(chunks.length, 241);
  });

  it("covers every segment exactly once, in order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (segments) => {
        const chunks = splitChunks(segments);
        const covered = chunks.flatMap(({ firstSegment, segmentCount }) =>
          Array.from({ length: segmentCount }, (_, at) => firstSegment + at),
        );
        assert.deepEqual(
          covered,
          Array.from({ length: segments }, (_, at) => at),
        );
        assert.ok(
          chunks.every(({ index, segmentCount }, at) => index === at && segmentCount >= 1 && segmentCount <= 5),
        );
        assert.equal(chunks[0]?.segmentCount, 1);
      }),
      { numRuns: 60 },
    );
  });
});
