import assert from "node:assert/strict";
import { fieldOrderIn } from "./find-fields.ts";

describe("what a detector of fields says", () => {
  const said = (top: number, bottom: number, whole: number, unknown: number): string[] => [
    "[Parsed_idet_0 @ 0x1] Single frame detection: TFF:    99 BFF:     0 Progressive:     0 Undetermined:     0",
    `[Parsed_idet_0 @ 0x1] Multi frame detection: TFF:    ${top} BFF:     ${bottom} Progressive:     ${whole} Undetermined:     ${unknown}`,
  ];

  it("is believed when most pictures agree", () => {
    assert.equal(fieldOrderIn(said(28, 0, 0, 2)), "top");
    assert.equal(fieldOrderIn(said(1, 25, 2, 2)), "bottom");
  });

  it("is not believed of few pictures, or when they differ", () => {
    for (const log of [said(4, 0, 0, 0), said(12, 10, 0, 0), said(12, 0, 10, 8), said(0, 0, 30, 0), [], ["nonsense"]]) {
      assert.equal(fieldOrderIn(log), null);
    }
  });
});
