// Ranges widened to blocks, and the Range header.
import assert from "node:assert/strict";
import { blockCount, bytesOfBlocks, runsCovering } from "./block-spans.ts";
import { rangeOf } from "./request-range.ts";

const blocks = { sizeBytes: 1050, blockBytes: 100 };

describe("runs of blocks", () => {
  it("cover every range, each block once, none past the end", () => {
    const ranges = [
      { start: 950, end: 2000 },
      { start: 0, end: 1 },
      { start: 199, end: 201 },
      { start: 150, end: 160 },
      { start: 500, end: 500 },
      { start: 1050, end: 1100 },
    ];
    assert.deepEqual(runsCovering(ranges, blocks, 8), [
      { start: 0, end: 3 },
      { start: 9, end: 11 },
    ]);
    assert.equal(blockCount(blocks), 11);
    assert.deepEqual(bytesOfBlocks({ start: 9, end: 11 }, blocks), { start: 900, end: 1050 });
  });

  it("are no longer than asked for", () => {
    assert.deepEqual(runsCovering([{ start: 0, end: 1050 }], blocks, 4), [
      { start: 0, end: 4 },
      { start: 4, end: 8 },
      { start: 8, end: 11 },
    ]);
  });
});

describe("a Range header", () => {
  for (const [header, expected] of [
    [undefined, null],
    ["bytes=0-0", { start: 0, end: 1 }],
    ["bytes=10-", { start: 10, end: 100 }],
    ["bytes=10-1000", { start: 10, end: 100 }],
    ["bytes=-10", { start: 90, end: 100 }],
    ["bytes=-1000", { start: 0, end: 100 }],
    ["bytes=100-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=20-10", null],
    ["bytes=0-1,5-6", null],
    ["bytes=-", null],
    ["items=0-1", null],
    ["bytes=99999999999999999999-", null],
  ] as const) {
    it(`${String(header)} asks for ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(rangeOf(header, 100), expected);
    });
  }
});
