import assert from "node:assert/strict";
import { labelsOf } from "../../player/src/quality-labels.ts";

const level = (height: number, videoCodec: string, videoRange = "SDR", bitrate = 1e6) => {
  return { height, videoCodec, videoRange, bitrate };
};

describe("the names of qualities", () => {
  it("are their lines", () => {
    assert.deepEqual(labelsOf([level(360, "avc1.64001e"), level(720, "avc1.64001f")]), ["360p", "720p"]);
  });

  it("say what sets those apart that have as many", () => {
    const levels = [level(540, "avc1.64001f"), level(540, "hvc1.1.6.L90.90"), level(540, "hvc1.2.4.L90.90", "PQ")];
    assert.deepEqual(labelsOf(levels), ["540p", "540p · HEVC", "540p · HDR"]);
    const rates = [level(540, "avc1.64001f", "SDR", 1.2e6), level(540, "avc1.64001f", "SDR", 2.1e6)];
    assert.deepEqual(labelsOf(rates), ["540p · 1.2 Mb/s", "540p · 2.1 Mb/s"]);
  });
});
