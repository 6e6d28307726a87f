import assert from "node:assert/strict";
import { changesShape, displaySize, isSilentOnFields, orientationOf, pictureOf } from "./picture-of.ts";
import type { PictureSample } from "./picture-counter.ts";
import { madeStream } from "./source-stream.fixture.ts";
import type { SourceStream } from "./source-shape.ts";

const plain = madeStream();

function at(rate: number): Float64Array {
  return Float64Array.from({ length: 100 }, (_, index) => Math.round((index * 1000) / rate));
}

function size(change: Partial<SourceStream>, samples: readonly PictureSample[] = []): [number, number] {
  const { width, height } = displaySize({ video: { ...plain, ...change }, samples });
  return [width, height];
}

/** A display matrix as ffprobe prints it. */
function matrix(a: number, b: number, c: number, d: number): string {
  const row = (number: number, values: number[]): string =>
    `0000000${number}: ${values.map((value) => String(value).padStart(12)).join("")}`;
  const fixed = [a, b, c, d].map((value) => Math.round(value * 65536));
  return `\n${row(0, [fixed[0]!, fixed[1]!, 0])}\n${row(1, [fixed[2]!, fixed[3]!, 0])}\n${row(2, [0, 0, 1 << 30])}\n`;
}

function turned(...[a, b, c, d]: [number, number, number, number]): SourceStream {
  return { ...plain, side_data_list: [{ displaymatrix: matrix(a, b, c, d) }] };
}

function sample(width: number, height: number, change: Partial<PictureSample> = {}): PictureSample {
  return { width, height, pixelAspect: "1:1", interlaced: false, count: 1, ...change };
}

describe("the size of a picture as shown", () => {
  it("turns with the picture, has square pixels and is even", () => {
    assert.deepEqual(size(turned(0, 1, -1, 0)), [720, 1280]);
    assert.deepEqual(size({ width: 720, height: 576, sample_aspect_ratio: "64:45" }), [1024, 576]);
    assert.deepEqual(size({ width: 853, height: 481 }), [854, 482]);
  });

  it("is not taken from absurd aspect ratios", () => {
    for (const ratio of ["0:1", "1:0", "9999:1", "N/A", ""]) {
      assert.deepEqual(size({ sample_aspect_ratio: ratio }), [1280, 720]);
    }
  });

  it("is that of most of the film where it changes", () => {
    const samples = [sample(1280, 720, { count: 2 }), sample(640, 480, { count: 5 }), sample(1280, 720, { count: 1 })];
    assert.deepEqual(size({}, samples), [640, 480]);
    assert.equal(changesShape(samples), true);
    assert.equal(changesShape([sample(720, 576), sample(720, 576, { pixelAspect: "N/A", interlaced: true })]), false);
  });
});

describe("how a picture lies", () => {
  it("is one of eight ways, as its matrix has it", () => {
    assert.equal(orientationOf(plain), "upright");
    assert.equal(orientationOf(turned(1, 0, 0, 1)), "upright");
    assert.equal(orientationOf(turned(-1, 0, 0, 1)), "mirrored");
    assert.equal(orientationOf(turned(1, 0, 0, -1)), "flipped");
    assert.equal(orientationOf(turned(-1, 0, 0, -1)), "upside-down");
    assert.equal(orientationOf(turned(0, 1, -1, 0)), "right");
    assert.equal(orientationOf(turned(0, -1, 1, 0)), "left");
    assert.equal(orientationOf(turned(0, 1, 1, 0)), "transposed");
    assert.equal(orientationOf(turned(0, -1, -1, 0)), "transversed");
  });

  it("is the nearest right angle, and upright where the matrix is nonsense", () => {
    assert.equal(orientationOf(turned(0.2, 0.98, -0.98, 0.2)), "right");
    assert.equal(orientationOf({ ...plain, side_data_list: [{ displaymatrix: "nonsense" }] }), "upright");
  });
});

describe("how pictures are taken", () => {
  const taken = (change: Partial<SourceStream>, samples: readonly PictureSample[] = [], times = at(25)) =>
    pictureOf({
      ...{ video: { ...plain, ...change }, samples, times },
      tickSeconds: 0.001,
      repeats: false,
      countedAt: null,
      seenFields: null,
    });

  it("is at most sixty a second", () => {
    const keptOf = (rate: number): number => taken({}, [], at(rate)).keepEvery;
    assert.deepEqual([24, 60, 100, 120, 240].map(keptOf), [1, 1, 2, 2, 4]);
  });

  it("is deinterlaced where fields are declared, or pictures say so", () => {
    assert.equal(taken({ field_order: "tt" }).interlaced, true);
    assert.equal(taken({ field_order: "unknown" }).interlaced, false);
    assert.equal(taken({ field_order: "unknown" }, [sample(720, 576, { interlaced: true })]).interlaced, true);
  });

  it("follows the container's fields only where pictures say nothing of theirs", () => {
    const silent = [sample(720, 576)];
    const orderOf = (field_order: string, codec_name: string, samples = silent): unknown =>
      taken({ field_order, codec_name }, samples).fieldOrder;
    assert.deepEqual([orderOf("tt", "v210"), orderOf("tb", "v210"), orderOf("bt", "v210")], ["top", "bottom", "top"]);
    assert.equal(orderOf("tt", "h264"), null);
    assert.equal(orderOf("tt", "v210", [sample(720, 576, { interlaced: true })]), null);
  });

  it("follows what was seen where nobody says anything", () => {
    const seen = pictureOf({
      ...{ video: { ...plain, codec_name: "rawvideo", field_order: "unknown" }, samples: [], times: at(25) },
      ...{ tickSeconds: 0.001, repeats: false, countedAt: null, seenFields: "bottom" as const },
    });
    assert.deepEqual([seen.interlaced, seen.fieldOrder], [true, "bottom"]);
    const isSilent = (codec_name: string, field_order: string): boolean =>
      isSilentOnFields({ video: { ...plain, codec_name, field_order }, samples: [sample(720, 576)] });
    assert.deepEqual(
      [isSilent("rawvideo", "unknown"), isSilent("h264", "unknown"), isSilent("v210", "tt")],
      [...[true, false, false]],
    );
  });

  it("fits other sizes into the usual one, only where there are others", () => {
    assert.equal(taken({}, [sample(1280, 720)]).fitInto, null);
    const pixelAspect = "16:15";
    assert.deepEqual(taken({}, [sample(720, 576, { pixelAspect, count: 9 }), sample(640, 480)]).fitInto, {
      ...{ width: 720, height: 576, pixelAspect: { num: 16, den: 15 } },
    });
  });
});
