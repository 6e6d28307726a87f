import assert from "node:assert/strict";
import fc from "fast-check";
import { VsError } from "@vstream/core/errors.ts";
import { assertLadderName, chooseLadder } from "./choose-ladder.ts";
import { laddersWith, usualForm, usualHevc, usualLadders } from "./ladder-forms.ts";
import { peakUnder } from "./rate-cap.ts";
import { buildProbe } from "./snapshot.fixture.ts";

function sizes(width: number, height: number): string[] {
  return chooseLadder("default", buildProbe({ width, height })).rungs.map(
    (rung) => `${rung.name} ${rung.width}x${rung.height}`,
  );
}

describe("the ladder of a source", () => {
  it("adds a rung at the source's own size to those below it", () => {
    assert.deepEqual(sizes(854, 480), ["480p 854x480", "360p 640x360", "234p 416x234"]);
  });

  it("has no more than the rungs that fit", () => {
    assert.deepEqual(sizes(640, 360), ["360p 640x360", "234p 416x234"]);
  });

  it("ends at 1080 lines", () => {
    assert.deepEqual(sizes(3840, 2160), [
      "1080p 1920x1080",
      "720p 1280x720",
      "540p 960x540",
      "360p 640x360",
      "234p 416x234",
    ]);
  });

  it("leaves out an own rung that is hardly larger than the next", () => {
    assert.equal(sizes(1300, 740)[0], "720p 1264x720");
  });

  it("goes by the short side of a portrait film", () => {
    assert.deepEqual(sizes(1080, 1920).slice(0, 2), ["1080p 1080x1920", "720p 720x1280"]);
  });

  it("gives a tiny source of odd size one rung of even size", () => {
    assert.deepEqual(sizes(161, 121), ["120p 160x120"]);
  });

  it("never upscales, keeps the aspect, and uses even sizes", () => {
    const side = fc.integer({ min: 16, max: 8192 });
    fc.assert(
      fc.property(side, side, (width, height) => {
        const { rungs } = chooseLadder("default", buildProbe({ width, height }));
        assert.ok(rungs.length > 0);
        assert.equal(new Set(rungs.map((rung) => rung.name)).size, rungs.length);
        for (const rung of rungs) {
          assert.ok(rung.width <= width && rung.height <= height && Math.min(rung.width, rung.height) <= 1080);
          assert.ok(rung.width % 2 === 0 && rung.height % 2 === 0);
          // Each side is rounded to an even number, the short one down.
          const [short, long] = [Math.min(width, height), Math.max(width, height)];
          const [rungShort, rungLong] = [Math.min(rung.width, rung.height), Math.max(rung.width, rung.height)];
          assert.ok(Math.abs(rungLong - (long * rungShort) / short) <= 2 + long / short);
        }
      }),
    );
  });

  it("spends more bits on larger rungs, and no segment more than twice Apple's average", () => {
    const { rungs } = chooseLadder("default", buildProbe({ width: 1920, height: 1080 }));
    assert.deepEqual(
      rungs.map((rung) => peakUnder(rung)),
      [15_600_000, 9_000_000, 4_000_000, 730_667, 290_667],
    );
  });

  it("differs between default and fast in the preset alone", () => {
    const probe = buildProbe();
    const fast = chooseLadder("fast", probe).rungs.map((rung) => ({ ...rung, preset: "fast" }));
    assert.deepEqual(fast, chooseLadder("default", probe).rungs);
    assert.deepEqual(new Set(chooseLadder("fast", probe).rungs.map((rung) => rung.preset)), new Set(["veryfast"]));
  });

  it("has HEVC beside H.264 where it is modern and the source has 540 lines, and else is the usual one", () => {
    const rungsOf = (width: number, height: number) => chooseLadder("modern", buildProbe({ width, height })).rungs;
    const named = (width: number, height: number) => rungsOf(width, height).map(({ name }) => name);
    assert.deepEqual(named(1280, 720), ["720p-hevc", "720p", "540p-hevc", "540p", "360p", "234p"]);
    assert.deepEqual(named(540, 960), ["540p-hevc", "540p", "360p", "234p"]);
    assert.deepEqual(rungsOf(854, 480), chooseLadder("default", buildProbe()).rungs);
    const [hevc, plain] = rungsOf(1280, 720);
    assert.deepEqual([hevc?.codec, hevc?.profile, hevc?.videoRange], ["hevc", "main", "SDR"]);
    assert.deepEqual([hevc?.width, hevc?.height], [plain?.width, plain?.height]);
  });

  it("has high dynamic range where the source has it, beside a rung of ordinary range of each size", () => {
    const probe = buildProbe({ width: 1920, height: 1080, videoRange: "HLG" });
    const { rungs, images } = chooseLadder("modern", probe);
    assert.deepEqual(
      rungs.map(({ name, profile, videoRange }) => `${name} ${profile} ${videoRange}`),
      [
        ...["1080p-hdr main10 HLG", "1080p-hevc main SDR", "1080p high SDR"],
        ...["720p-hdr main10 HLG", "720p-hevc main SDR", "720p high SDR"],
        ...["540p-hdr main10 HLG", "540p-hevc main SDR", "540p high SDR", "360p high SDR", "234p high SDR"],
      ],
    );
    assert.deepEqual([images.posterRung, images.thumbnailRung], ["720p", "234p"]);
    const without = laddersWith({ plain: { ...usualForm, hevc: { ...usualHevc, hdr: false } } });
    assert.ok(chooseLadder("plain", probe, without).rungs.every(({ videoRange }) => videoRange === "SDR"));
    assert.ok(chooseLadder("default", probe).rungs.every(({ codec }) => codec === "h264"));
  });

  it("caps HEVC at three quarters of H.264 or so, and high dynamic range at a fifth more than that", () => {
    const { rungs } = chooseLadder("modern", buildProbe({ width: 1920, height: 1080, videoRange: "PQ" }));
    const [high, hevc, plain] = rungs.map((rung) => peakUnder(rung));
    assert.deepEqual([high, hevc, plain], [13_920_000, 11_600_000, 15_600_000]);
  });

  it("is as an operator wants it", () => {
    const form = { ...usualForm, preset: "slow", lines: [360, 1440], crf: 20, rate: 0.5 } as const;
    const ladders = laddersWith({ own: form });
    const probe = buildProbe({ width: 3840, height: 2160 });
    const { rungs } = chooseLadder("own", probe, ladders);
    assert.deepEqual(
      rungs.map(({ name, width, preset, crf }) => [name, width, preset, crf]),
      [
        ["1440p", 2560, "slow", 20],
        ["360p", 640, "slow", 20],
      ],
    );
    const [usual] = chooseLadder("default", buildProbe({ width: 640, height: 360 }), ladders).rungs;
    assert.equal(rungs[1]?.maxrateBps, Math.round((usual?.maxrateBps ?? 0) / 2000) * 1000);
  });

  it("names the ladders there are when asked for another", () => {
    const ladders = laddersWith({ own: usualForm });
    for (const given of [usualLadders, ladders]) {
      assert.throws(
        () => chooseLadder("4k", buildProbe(), given),
        (thrown) =>
          thrown instanceof VsError && thrown.code === "invalid_argument" && /default, fast/.test(thrown.hint),
      );
    }
    assert.throws(
      () => {
        assertLadderName("4k", ladders);
      },
      { hint: "Ladders: default, fast, modern, own" },
    );
  });
});
