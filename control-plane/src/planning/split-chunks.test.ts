import assert from "node:assert/strict";
import fc from "fast-check";
import { splitChunks } from "./split-chunks.ts";

describe("the chunk plan", () => {
  it("has one segment a chunk for a short clip", () => {
    assert.deepEqual(
      splitChunks(3, null).map(({ firstSegment, segmentCount }) => [firstSegment, segmentCount]),
      [
        [0, 1],
        [1, 1],
        [2, 1],
      ],
    );
  });

  it("has longer ones for a minute and more, none longer than all before it", () => {
    const sizesFor = (segments: number, limit: number | null = null) =>
      splitChunks(segments, limit).map(({ segmentCount }) => segmentCount);
    assert.deepEqual(sizesFor(9), Array(9).fill(1));
    assert.deepEqual(sizesFor(10), [1, 1, 2, 3, 3]);
    assert.deepEqual(sizesFor(15), [1, 1, 2, 4, 4, 3]);
    assert.deepEqual(sizesFor(1200).slice(0, 6), [1, 1, 2, 4, 5, 5]);
    assert.equal(sizesFor(1200).length, 243);
  });

  it("has none longer than the operator wishes", () => {
    assert.equal(splitChunks(16, 1).length, 16);
    assert.deepEqual(
      splitChunks(6, 2).map(({ segmentCount }) => segmentCount),
      [1, 1, 2, 2],
    );
  });

  it("covers every segment exactly once, in order, with no chunk longer than all before it together", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.constantFrom(null, 1, 3, 5), (segments, limit) => {
        const chunks = splitChunks(segments, limit);
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
        // What lies before a chunk is as many segments as the index of its first.
        assert.ok(chunks.slice(1).every(({ firstSegment, segmentCount }) => segmentCount <= firstSegment));
      }),
      { numRuns: 60 },
    );
  });
});
