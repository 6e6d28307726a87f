// Pure: how a source's pictures are to be shown and tagged, from what ffprobe says of them.
import { colourMatrices, colourPrimaries, colourTransfers } from "./timeline.ts";
import type { Colour, Picture } from "./timeline.ts";
import type { SourceStream } from "./describe-source.ts";

/** More frames a second than this are thinned out. Apple's HLS authoring rule 1.19 allows 60. */
const mostFramesPerSecond = 60.5;

/** Width and height as shown: rotated, with square pixels, even. */
export function displaySize(video: SourceStream): { width: number; height: number } {
  const [num, den] = video.sample_aspect_ratio.split(":").map(Number);
  const isSane = num !== undefined && den !== undefined && num > 0 && den > 0 && num / den < 20 && den / num < 20;
  const shape = isSane ? num / den : 1;
  // The longer way is stretched, so that no detail goes.
  const width = shape >= 1 ? video.width * shape : video.width;
  const height = shape >= 1 ? video.height : video.height / shape;
  const turns = Math.round((video.side_data_list.find((side) => side.rotation !== undefined)?.rotation ?? 0) / 90);
  return turns % 2 === 0 ? { width: even(width), height: even(height) } : { width: even(height), height: even(width) };
}

/** @param pts every frame's time, ascending; @param tickSeconds of their clock */
export function pictureOf(video: SourceStream, pts: Float64Array, tickSeconds: number): Picture {
  const seconds = ((pts.at(-1) ?? 0) - (pts[0] ?? 0)) * tickSeconds;
  const rate = seconds > 0 ? (pts.length - 1) / seconds : 0;
  return {
    interlaced: ["tt", "bb", "tb", "bt"].includes(video.field_order),
    keepEvery: rate > mostFramesPerSecond ? Math.ceil(rate / mostFramesPerSecond) : 1,
    colour: colourOf(video),
  };
}

// Sources that do not say are taken for what players would take them for, and say so from then on: a rung of another
// size would be taken for something else. Wide colour is brought to BT.709 by its matrix alone, without tone mapping.
function colourOf(video: SourceStream): Colour {
  const usual = video.height >= 720 ? "bt709" : "smpte170m";
  const isWide = video.color_space.startsWith("bt2020");
  const isRgb = /^(gbr|rgb|bgr|argb|abgr|pal8|0rgb|0bgr|x2)/.test(video.pix_fmt);
  const isFull = video.color_range === "pc" || video.pix_fmt.startsWith("yuvj");
  const isHdr = ["smpte2084", "arib-std-b67"].includes(video.color_transfer);
  const matrix = isWide ? "bt709" : (oneOf(colourMatrices, video.color_space) ?? usual);
  return {
    matrix,
    primaries: (isHdr ? "bt709" : oneOf(colourPrimaries, video.color_primaries)) ?? usual,
    transfer: (isHdr ? "bt709" : oneOf(colourTransfers, video.color_transfer)) ?? usual,
    convertFrom:
      isWide || isRgb || isFull
        ? { matrix: isWide ? "bt2020" : matrix === "bt470bg" ? "bt470" : matrix, range: isFull || isRgb ? "pc" : "tv" }
        : null,
  };
}

function oneOf<Name extends string>(names: readonly Name[], name: string): Name | undefined {
  return names.find((candidate) => candidate === name);
}

function even(length: number): number {
  return Math.max(2, Math.round(length / 2) * 2);
}
