import assert from "node:assert/strict";
import { parseMastering } from "./find-mastering.ts";

const screen = {
  ...{ red_x: "34000/50000", red_y: "16000/50000", green_x: "0.265/1", green_y: "69/100" },
  ...{ blue_x: "7500/50000", blue_y: "3000/50000", white_point_x: "15635/50000", white_point_y: "16450/50000" },
  ...{ min_luminance: "50/10000", max_luminance: "1000/1" },
};
const display = {
  ...{ red: [34_000, 16_000], green: [13_250, 34_500], blue: [7_500, 3_000], white: [15_635, 16_450] },
  ...{ mostLuminance: 10_000_000, leastLuminance: 50 },
};

function parsed(frame: readonly object[], stream: readonly object[] = []): unknown {
  return parseMastering(JSON.stringify({ frames: [{ side_data_list: frame }], streams: [{ side_data_list: stream }] }));
}

describe("what a film was made on", () => {
  it("is read from the first picture, else from the container, in the units of its boxes", () => {
    assert.deepEqual(parsed([screen]), { display, light: null });
    assert.deepEqual(parsed([{ max_content: 1000, max_average: 400 }], [screen]), {
      ...{ display, light: { most: 1000, mostAverage: 400 } },
    });
  });

  it("is not known where it is not said, or makes no sense", () => {
    const { red_x: _, ...incomplete } = screen;
    const senseless = [
      ...[incomplete, { ...screen, blue_y: "1/0" }, { ...screen, white_point_x: "70000/50000" }],
      ...[{ ...screen, max_luminance: "0/1" }, { max_content: 0, max_average: 0 }, { max_content: 99_999 }],
    ];
    for (const side of senseless) assert.equal(parsed([side]), null, JSON.stringify(side));
    assert.equal(parsed([]), null);
    assert.equal(parseMastering("{}"), null);
    assert.equal(parseMastering("not JSON"), null);
  });
});
