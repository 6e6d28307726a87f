// Pure: how a source's pictures are to be shown, from what ffprobe says of them and what a few decoded ones show.
import { colourOf } from "./colour-of.ts";
import type { SourceStream } from "./source-shape.ts";
import type { PictureSample } from "./picture-counter.ts";
import type { Orientation, Picture, PictureShape } from "./timeline.ts";

/** More frames a second than this are thinned out. Apple's HLS authoring rule 1.19 allows 60. */
const mostFramesPerSecond = 60.1;

/** Every picture of these says whether it is interlaced; the description is of one of them. */
const tellingCodecs = ["h264", "hevc", "mpeg1video", "mpeg2video", "vc1", "vp8", "vp9", "av1", "prores", "dvvideo"];

export interface SourcePictures {
  readonly video: SourceStream;
  /** Of the whole length; none: nothing is known but the description. */
  readonly samples: readonly PictureSample[];
}

export interface SourceFrames extends SourcePictures {
  /** Every frame's time, ascending. */
  readonly times: Float64Array;
  /** Of their clock. */
  readonly tickSeconds: number;
  readonly repeats: boolean;
  readonly countedAt: Picture["countedAt"];
  /** As found by looking, where nobody says; null: whole pictures, or somebody says. */
  readonly seenFields: Picture["fieldOrder"];
}

/** Width and height as shown: turned, with square pixels, even. */
export function displaySize(source: SourcePictures): { width: number; height: number } {
  const { width: codedWidth, height: codedHeight, pixelAspect } = shapeOf(source);
  const ratio = pixelAspect.num / pixelAspect.den;
  // The longer way is stretched, so that no detail goes.
  const width = even(ratio >= 1 ? codedWidth * ratio : codedWidth);
  const height = even(ratio >= 1 ? codedHeight : codedHeight / ratio);
  return isTurned(orientationOf(source.video)) ? { width: height, height: width } : { width, height };
}

export function pictureOf(source: SourceFrames): Picture {
  const { video, times, tickSeconds, repeats, countedAt } = source;
  const shape = shapeOf(source);
  const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) * tickSeconds;
  const rate = seconds > 0 ? (times.length - 1) / seconds : 0;
  return {
    stream: video.index,
    ...(source.seenFields === null ? fieldsOf(source) : { interlaced: true, fieldOrder: source.seenFields }),
    keepEvery: rate > mostFramesPerSecond ? Math.ceil(rate / mostFramesPerSecond) : 1,
    countedAt,
    repeats,
    orientation: orientationOf(video),
    fitInto: changesShape(source.samples) ? shape : null,
    colour: colourOf({ ...video, height: shape.height }),
  };
}

/** Whether pictures are of different sizes or shapes. */
export function changesShape(samples: readonly PictureSample[]): boolean {
  return new Set(samples.map(shapeKey)).size > 1;
}

/** Whether neither the container nor the pictures say if there are fields. */
export function isSilentOnFields({ video, samples }: SourcePictures): boolean {
  const isTold = tellingCodecs.includes(video.codec_name) || !["", "unknown"].includes(video.field_order);
  return !isTold && !samples.some((sample) => sample.interlaced);
}

/** Whether width and height are exchanged. */
export function isTurned(orientation: Orientation): boolean {
  return ["right", "left", "transposed", "transversed"].includes(orientation);
}

// Containers give a matrix of fixed-point numbers: across = a·x + c·y, down = b·x + d·y. Oblique ones count as the
// nearest right angle.
export function orientationOf(video: SourceStream): Orientation {
  const text = video.side_data_list.find((side) => side.displaymatrix !== "")?.displaymatrix ?? "";
  const rows = [...text.matchAll(/^[0-9a-f]{8}:\s+(-?\d+)\s+(-?\d+)/gm)];
  const [a = 1, b = 0] = [rows[0]?.[1], rows[0]?.[2]].map((number) => Number(number ?? NaN));
  const [c = 0, d = 1] = [rows[1]?.[1], rows[1]?.[2]].map((number) => Number(number ?? NaN));
  if (rows.length < 2 || ![a, b, c, d].every(Number.isFinite)) return "upright";
  if (Math.abs(a) + Math.abs(d) >= Math.abs(b) + Math.abs(c)) {
    if (a >= 0) return d >= 0 ? "upright" : "flipped";
    return d >= 0 ? "mirrored" : "upside-down";
  }
  if (b >= 0) return c >= 0 ? "transposed" : "right";
  return c >= 0 ? "left" : "transversed";
}

// What a picture says of itself is believed; a container's word counts where no picture says anything.
function fieldsOf({ video, samples }: SourcePictures): Pick<Picture, "interlaced" | "fieldOrder"> {
  const isDeclared = ["tt", "bb", "tb", "bt"].includes(video.field_order);
  if (samples.some((sample) => sample.interlaced)) return { interlaced: true, fieldOrder: null };
  if (!isDeclared || samples.length === 0 || tellingCodecs.includes(video.codec_name)) {
    return { interlaced: isDeclared, fieldOrder: null };
  }
  // The second letter tells what is shown first.
  return { interlaced: true, fieldOrder: video.field_order.endsWith("t") ? "top" : "bottom" };
}

/** The shape that most of the film has. */
function shapeOf({ video, samples }: SourcePictures): PictureShape {
  const groups = [...Map.groupBy(samples, shapeKey).values()];
  const [most] = groups.sort((one, other) => countOf(other) - countOf(one));
  const sample = groups.length > 1 ? most?.[0] : undefined;
  const { width, height } = sample ?? video;
  return { width, height, pixelAspect: saneAspect(sample?.pixelAspect ?? video.sample_aspect_ratio) };
}

function shapeKey(sample: PictureSample): string {
  const { num, den } = saneAspect(sample.pixelAspect);
  return `${sample.width} ${sample.height} ${(num / den).toFixed(3)}`;
}

function countOf(samples: readonly PictureSample[]): number {
  return samples.reduce((sum, sample) => sum + sample.count, 0);
}

function saneAspect(ratio: string): { num: number; den: number } {
  const [num, den] = ratio.split(":").map(Number);
  const isSane = num !== undefined && den !== undefined && num > 0 && den > 0 && num / den < 20 && den / num < 20;
  return isSane ? { num, den } : { num: 1, den: 1 };
}

function even(length: number): number {
  return Math.max(2, Math.round(length / 2) * 2);
}
