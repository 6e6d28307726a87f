import assert from "node:assert/strict";
import type { SourceStream } from "./describe-source.ts";
import { displaySize, pictureOf } from "./picture-of.ts";
import { languageTag } from "./probe.ts";

const plain: SourceStream = {
  ...{ index: 0, codec_type: "video", codec_name: "h264", codec_tag_string: "avc1", width: 1280, height: 720 },
  ...{ sample_aspect_ratio: "1:1", pix_fmt: "yuv420p", field_order: "progressive", color_range: "", color_space: "" },
  ...{ color_transfer: "", color_primaries: "", time_base: "1/1000", duration: null, nb_frames: null },
  ...{ sample_rate: null, channels: 0, tags: { language: "" }, disposition: { attached_pic: 0, timed_thumbnails: 0 } },
  side_data_list: [],
};

function at(rate: number): Float64Array {
  return Float64Array.from({ length: 100 }, (_, index) => Math.round((index * 1000) / rate));
}

describe("the size of a picture as shown", () => {
  it("turns with the picture, has square pixels and is even", () => {
    assert.deepEqual(displaySize({ ...plain, side_data_list: [{ rotation: -90 }] }), { width: 720, height: 1280 });
    assert.deepEqual(displaySize({ ...plain, width: 720, height: 576, sample_aspect_ratio: "64:45" }), {
      width: 1024,
      height: 576,
    });
    assert.deepEqual(displaySize({ ...plain, width: 853, height: 481 }), { width: 854, height: 482 });
  });

  it("is not taken from absurd aspect ratios", () => {
    for (const ratio of ["0:1", "1:0", "9999:1", "N/A", ""]) {
      assert.deepEqual(displaySize({ ...plain, sample_aspect_ratio: ratio }), { width: 1280, height: 720 });
    }
  });
});

describe("how pictures are taken", () => {
  it("is at most sixty a second", () => {
    const keptOf = (rate: number): number => pictureOf(plain, at(rate), 0.001).keepEvery;
    assert.deepEqual([24, 60, 100, 120, 240].map(keptOf), [1, 1, 2, 2, 4]);
  });

  it("is deinterlaced where fields are declared", () => {
    assert.equal(pictureOf({ ...plain, field_order: "tt" }, at(25), 0.001).interlaced, true);
    assert.equal(pictureOf({ ...plain, field_order: "unknown" }, at(25), 0.001).interlaced, false);
  });

  it("converts wide, full-range and RGB pictures, and no others", () => {
    const conversion = (change: Partial<SourceStream>): unknown =>
      pictureOf({ ...plain, ...change }, at(25), 0.001).colour.convertFrom;
    assert.equal(conversion({ color_space: "bt709" }), null);
    assert.deepEqual(conversion({ color_space: "bt2020nc" }), { matrix: "bt2020", range: "tv" });
    assert.deepEqual(conversion({ pix_fmt: "yuvj420p", color_space: "bt470bg" }), { matrix: "bt470", range: "pc" });
    assert.deepEqual(conversion({ pix_fmt: "gbrp", color_space: "gbr" }), { matrix: "bt709", range: "pc" });
  });

  it("names colours that the source does not, by what players assume", () => {
    const matrixOf = (height: number): string => pictureOf({ ...plain, height }, at(25), 0.001).colour.matrix;
    assert.deepEqual([matrixOf(480), matrixOf(720)], ["smpte170m", "bt709"]);
  });
});

describe("a language", () => {
  it("is BCP 47, and empty when unknown", () => {
    const given = ["eng", "ger", "pt_BR", "zh-Hant", "und", "", "not a language"];
    assert.deepEqual(given.map(languageTag), ["en", "de", "pt-BR", "zh-Hant", "", "", ""]);
  });
});
