import assert from "node:assert/strict";
import { checkMultivariant } from "./multivariant-rules.ts";
import { parseMultivariant } from "./parse-multivariant.ts";

function rulesBroken(variants: readonly (readonly [codec: string, averageBps: number])[]): string[] {
  const lines = variants.flatMap(([codec, averageBps], at) => [
    `#EXT-X-STREAM-INF:BANDWIDTH=${averageBps},AVERAGE-BANDWIDTH=${averageBps},CODECS="${codec}",RESOLUTION=960x540,` +
      "FRAME-RATE=24.000,VIDEO-RANGE=SDR,CLOSED-CAPTIONS=NONE",
    `${at}.m3u8`,
  ]);
  const text = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS", ...lines, ""].join("\n");
  return checkMultivariant(parseMultivariant(text, "http://a.example/index.m3u8")).map(({ rule }) => rule);
}

describe("the variant that is listed first", () => {
  it("is to be the one nearest to 2000 kb/s, of those that every player can show", () => {
    assert.deepEqual(
      rulesBroken([
        ["avc1.64001f", 1_500_000],
        ["hvc1.1.6.L90.90", 2_000_000],
      ]),
      [],
    );
    assert.deepEqual(
      rulesBroken([
        ["avc1.64001f", 1_500_000],
        ["avc1.64001f", 2_100_000],
      ]),
      ["Apple 1.32"],
    );
    assert.deepEqual(
      rulesBroken([
        ["hvc1.1.6.L90.90", 2_500_000],
        ["hvc1.1.6.L90.90", 2_000_000],
      ]),
      ["Apple 1.32"],
    );
  });
});
