import assert from "node:assert/strict";
import { drawWaveform, stillHeight, stillWidth } from "./draw-waveform.ts";

/** Rows of a column that are lighter than the ground. */
function litRows(picture: Buffer, column: number): number {
  return Array.from({ length: stillHeight }, (_, row) => picture[row * stillWidth + column]!).filter((y) => y > 100)
    .length;
}

describe("the picture of a sound", () => {
  it("is planar, and whole", () => {
    assert.equal(drawWaveform([0.5]).length, (stillWidth * stillHeight * 3) / 2);
  });

  it("has bars as tall as it is loud, and the same above and below the middle", () => {
    const picture = drawWaveform([...Array.from({ length: 60 }, () => 0.25), ...Array.from({ length: 60 }, () => 1)]);
    assert.deepEqual([litRows(picture, 42), litRows(picture, 1232), litRows(picture, 10)], [120, 480, 0]);
    for (let row = 0; row < stillHeight / 2; row += 1) {
      const mirrored = (stillHeight - 1 - row) * stillWidth;
      const above = picture.subarray(row * stillWidth, (row + 1) * stillWidth);
      assert.ok(above.equals(picture.subarray(mirrored, mirrored + stillWidth)));
    }
  });

  it("shows silence and nothing at all as a thin line", () => {
    for (const peaks of [[], [0], Array.from({ length: 5000 }, () => 0)]) {
      assert.ok(litRows(drawWaveform(peaks), 42) <= 6);
    }
  });
});
