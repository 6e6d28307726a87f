import assert from "node:assert/strict";
import { colourOf, colourWarning, videoRangeOf } from "./colour-of.ts";
import type { SourceStream } from "./source-shape.ts";
import { madeStream } from "./source-stream.fixture.ts";

describe("the colours of a source", () => {
  const conversion = (change: Partial<SourceStream>): unknown => colourOf(madeStream(change)).convertFrom;
  const mapped = (change: Partial<SourceStream>): unknown => colourOf(madeStream(change)).mapFrom;
  const dolby = (profile: number, compatibility: number): Partial<SourceStream> => ({
    side_data_list: [{ displaymatrix: "", dv_profile: profile, dv_bl_signal_compatibility_id: compatibility }],
  });

  it("are converted when wide, of full range or RGB, and else not", () => {
    assert.equal(conversion({ color_space: "bt709" }), null);
    assert.deepEqual(conversion({ color_space: "bt2020nc" }), { matrix: "bt2020", range: "tv" });
    assert.deepEqual(conversion({ pix_fmt: "yuvj420p", color_space: "bt470bg" }), { matrix: "bt470", range: "pc" });
    assert.deepEqual(conversion({ pix_fmt: "gbrp", color_space: "gbr" }), { matrix: "bt709", range: "pc" });
  });

  it("are named where the source does not, by what players assume", () => {
    const matrixOf = (height: number): string => colourOf(madeStream({ height })).matrix;
    assert.deepEqual([matrixOf(480), matrixOf(720)], ["smpte170m", "bt709"]);
  });

  it("are mapped where ordinary screens have not their range", () => {
    assert.equal(mapped({ color_transfer: "smpte2084", color_primaries: "bt2020" }), "pq");
    assert.equal(mapped({ color_transfer: "arib-std-b67" }), "hlg");
    assert.equal(mapped({ color_transfer: "bt709", color_primaries: "bt2020" }), "bt2020");
    assert.equal(mapped({ color_transfer: "bt709", color_primaries: "smpte432" }), "p3");
    assert.equal(mapped({ color_primaries: "bt709" }), null);
  });

  it("of Dolby Vision are those of its base layer, where it has one that others know", () => {
    assert.deepEqual(
      [
        [5, 0],
        [8, 1],
        [8, 2],
        [8, 4],
        [7, 6],
      ].map(([profile, base]) => mapped(dolby(profile!, base!))),
      [...["dolby-ipt", "pq", null, "hlg", null]],
    );
  });

  it("have a high range that can be kept where they are PQ or HLG, and only there", () => {
    const rangeOf = (change: Partial<SourceStream>): string => videoRangeOf(madeStream(change));
    assert.equal(rangeOf({ color_transfer: "smpte2084" }), "PQ");
    assert.equal(rangeOf({ color_transfer: "arib-std-b67" }), "HLG");
    assert.equal(rangeOf(dolby(8, 1)), "PQ");
    for (const other of [{ color_primaries: "bt2020" }, dolby(5, 0), {}]) assert.equal(rangeOf(other), "SDR");
  });

  it("have none that can be kept in other primaries than those of BT.2020, or mixed otherwise", () => {
    const pq = { color_transfer: "smpte2084", color_primaries: "bt2020", color_space: "bt2020nc" };
    const rangeOf = (change: Partial<SourceStream>): string => videoRangeOf(madeStream({ ...pq, ...change }));
    assert.equal(rangeOf({}), "PQ");
    assert.equal(rangeOf({ color_primaries: "unknown", color_space: "unknown" }), "PQ");
    assert.equal(rangeOf({ pix_fmt: "gbrp10le", color_space: "gbr" }), "PQ");
    for (const other of [
      ...["smpte432", "bt709", "smpte431"].map((color_primaries) => ({ color_primaries })),
      ...["ictcp", "bt2020c", "bt709", "ycgco"].map((color_space) => ({ color_space })),
    ]) {
      assert.equal(rangeOf(other), "SDR", JSON.stringify(other));
      assert.match(
        colourWarning(madeStream({ ...pq, ...other })) ?? "",
        /not those of BT\.2020 \(primaries .+, matrix/,
      );
    }
  });

  it("are spoken of when they are not shown as they are", () => {
    assert.equal(colourWarning(madeStream()), null);
    assert.match(colourWarning(madeStream({ color_transfer: "smpte2084" })) ?? "", /high dynamic range/);
    assert.match(colourWarning(madeStream(dolby(5, 0))) ?? "", /profile 5/);
  });
});
