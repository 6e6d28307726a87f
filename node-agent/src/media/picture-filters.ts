// Pure: the filters that turn decoded pictures into what is encoded: of one size, deinterlaced, at most 60 a second,
// upright, of the rung's size, square pixels, 4:2:0 of 8 bits (10 where the range is high), with colours that are named
// and the same in every chunk.
import type { Rung, VideoRange } from "@vstream/core/media.ts";
import type { ChunkPlan } from "./plan-chunk.ts";
import type { Colour, Orientation, Picture, PictureShape, TimeBase } from "./timeline.ts";

const exactScaling = "flags=bicubic+accurate_rnd+bitexact";
/** From RGB: otherwise every second colour is left out rather than averaged. */
const exactFromRgb = `${exactScaling}+full_chroma_inp`;

/** Filters that all rungs share: exactly the chunk's frames leave them. */
export function sourceFilter(source: { plan: ChunkPlan; picture: Picture; timeBase: TimeBase }): string[] {
  const { plan, picture, timeBase } = source;
  const cut = trim(plan.startPts, plan.endPts);
  const fitted = picture.fitInto === null ? [] : fitFilter(picture.fitInto);
  const after = [
    ...(picture.keepEvery > 1 ? [`select='not(mod(n,${picture.keepEvery}))'`] : []),
    ...turnFilters[picture.orientation],
  ];
  if (!picture.interlaced) return [cut, ...fitted, ...after];
  // The deinterlacer looks one frame back and one ahead, and halves the time base.
  const wide = trim(plan.joint.beforePts, plan.afterEndPts);
  const restored = `settb=${timeBase.num}/${timeBase.den}`;
  return [wide, ...fitted, deinterlaceFilter(picture.fieldOrder), restored, cut, ...after];
}

/** A filter that lets through frames from one timestamp up to, not including, another; null: no limit. */
export function trim(startPts: number | null, endPts: number | null): string {
  const limits = [
    ...(startPts === null ? [] : [`start_pts=${startPts}`]),
    ...(endPts === null ? [] : [`end_pts=${endPts}`]),
  ];
  return limits.length === 0 ? "null" : `trim=${limits.join(":")}`;
}

/** Filters of one rung. @param cubePath of the colour table that `colour.mapFrom` asks for */
export function rungFilter(rung: Rung, colour: Colour, cubePath: string | null): string {
  if (rung.videoRange !== "SDR") return highRangeFilters(rung, rung.videoRange, colour).join(",");
  return [
    ...(colour.mapFrom === null || cubePath === null
      ? [`scale=${rung.width}:${rung.height}:${exactScaling}${conversion(colour)}`]
      : mappedFilters(rung, colour, cubePath)),
    "format=yuv420p",
    "setsar=1",
    `setparams=range=tv:color_primaries=${colour.primaries}:color_trc=${colour.transfer}:colorspace=${colour.matrix}`,
  ].join(",");
}

const turnFilters: Readonly<Record<Orientation, readonly string[]>> = {
  upright: [],
  mirrored: ["hflip"],
  flipped: ["vflip"],
  "upside-down": ["hflip", "vflip"],
  right: ["transpose=clock"],
  left: ["transpose=cclock"],
  transposed: ["transpose=cclock_flip"],
  transversed: ["transpose=clock_flip"],
};

function deinterlaceFilter(fieldOrder: Picture["fieldOrder"]): string {
  if (fieldOrder === null) return "bwdif=mode=send_frame:parity=auto:deint=interlaced";
  return `bwdif=mode=send_frame:parity=${fieldOrder === "top" ? "tff" : "bff"}:deint=all`;
}

// Pictures of any size and pixel shape, whole and with black beside them; those that fit already pass untouched.
function fitFilter({ width, height, pixelAspect }: PictureShape): string[] {
  const { num, den } = pixelAspect;
  // As wide as the picture would be at full height, and the other way round.
  const wide = `(${height}*iw/ih*if(between(sar,0.05,20),sar,1)*${den}/${num})`;
  const fits = `lt(abs(${wide}-${width}),max(4,${width}/50))`;
  return [
    `scale=w='if(${fits},${width},min(${width},2*max(1,round(${wide}/2))))'` +
      `:h='if(${fits},${height},min(${height},2*max(1,round(${height}*${width}/${wide}/2))))'` +
      `:eval=frame:interl=-1:${exactScaling}`,
    `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2:black:eval=frame`,
    `setsar=${num}/${den}`,
  ];
}

function conversion({ convertFrom, matrix }: Colour): string {
  if (convertFrom === null) return "";
  const to = matrix === "bt470bg" ? "bt470" : matrix;
  return `:in_color_matrix=${convertFrom.matrix}:in_range=${convertFrom.range}:out_color_matrix=${to}:out_range=tv`;
}

// The source's own light, in BT.2020 as BT.2100 has it.
function highRangeFilters(rung: Rung, range: Exclude<VideoRange, "SDR">, { convertFrom }: Colour): string[] {
  const { matrix, range: levels } = convertFrom ?? { matrix: "bt2020", range: "tv" };
  const transfer = range === "PQ" ? "smpte2084" : "arib-std-b67";
  return [
    `scale=${rung.width}:${rung.height}:${exactScaling}:in_color_matrix=${matrix}:in_range=${levels}` +
      ":out_color_matrix=bt2020:out_range=tv",
    "format=yuv420p10le",
    "setsar=1",
    `setparams=range=tv:color_primaries=bt2020:color_trc=${transfer}:colorspace=bt2020nc`,
  ];
}

// Small first, then to RGB with 12 bits, through the table, and back.
function mappedFilters(rung: Rung, { convertFrom, mapFrom }: Colour, cubePath: string): string[] {
  const range = convertFrom?.range ?? "tv";
  const size = `scale=${rung.width}:${rung.height}:${exactScaling}`;
  const opened =
    mapFrom === "dolby-ipt"
      ? // Its three signals are no mix of colours: the table takes them as they are.
        [`${size}:in_range=${range}:out_range=pc`, "format=yuv444p12", "mergeplanes=0x000102:gbrp12"]
      : [`${size}:in_color_matrix=${convertFrom?.matrix ?? "bt2020"}:in_range=${range}`, "format=gbrp12"];
  return [
    ...opened,
    // Other interpolations sum in another order on each kind of processor.
    `lut3d=file=${filterValue(cubePath)}:interp=trilinear`,
    `scale=${exactFromRgb}:out_color_matrix=bt709:out_range=tv`,
  ];
}

/** Text as a value inside a filter graph, which unquotes twice. */
export function filterValue(text: string): string {
  return text.replaceAll(/[\\':]/g, "\\$&").replaceAll(/[\\'[\],;]/g, "\\$&");
}
