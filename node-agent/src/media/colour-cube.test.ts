import assert from "node:assert/strict";
import { colourCube, mapColour } from "./colour-cube.ts";
import { colourSpaces } from "./timeline.ts";

describe("a colour table", () => {
  it("keeps grey grey, black black, and brighter brighter", () => {
    for (const space of ["pq", "hlg", "bt2020", "p3"] as const) {
      const greys = Array.from({ length: 65 }, (_, step) => mapColour(space, [step / 64, step / 64, step / 64]));
      for (const [red, green, blue] of greys) {
        assert.ok(Math.abs(red - green) < 0.002 && Math.abs(red - blue) < 0.002, `${space} ${red} ${green} ${blue}`);
      }
      assert.deepEqual(greys[0], [0, 0, 0]);
      assert.ok(greys.every(([, green], step) => step === 0 || green >= (greys[step - 1]?.[1] ?? 1)));
    }
  });

  it("puts white where screens have it, and keeps room above it", () => {
    // 203 cd/m² is 0.58 in PQ and 0.75 in HLG (ITU-R BT.2408); ten thousand is no brighter than the peak.
    for (const [space, white] of [
      ["pq", 0.58],
      ["hlg", 0.75],
    ] as const) {
      const [shown] = mapColour(space, [white, white, white]);
      assert.ok(shown > 0.87 && shown < 0.94, `${space} ${shown}`);
    }
    assert.deepEqual(mapColour("pq", [1, 1, 1]), mapColour("pq", [0.76, 0.76, 0.76]));
  });

  it("leaves ordinary colours of wider spaces where they were", () => {
    // BT.709's red in BT.2020, by ITU-R BT.2087, as coded.
    const inBt2020 = [0.6274, 0.0691, 0.0164].map((light) => light ** (1 / 2.4));
    const [red, green, blue] = mapColour("bt2020", [inBt2020[0]!, inBt2020[1]!, inBt2020[2]!]);
    assert.ok(red > 0.995 && green < 0.05 && blue < 0.05, `${red} ${green} ${blue}`);
  });

  it("pales colours that no ordinary screen has, and never leaves the range", () => {
    for (const space of colourSpaces) {
      for (const coded of [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [1, 0, 1],
        [0, 1, 1],
        [1, 1, 0],
      ] as const) {
        assert.ok(
          mapColour(space, coded).every((value) => value >= 0 && value <= 1),
          `${space} ${coded.join()}`,
        );
      }
    }
  });

  it("is the same text every time, a line a corner", () => {
    const text = colourCube("pq");
    assert.equal(text, colourCube("pq"));
    const lines = text.trim().split("\n");
    assert.equal(lines.length, 1 + 33 ** 3);
    assert.ok(lines.slice(1).every((line) => /^\d\.\d{6} \d\.\d{6} \d\.\d{6}$/.test(line)));
  });
});
