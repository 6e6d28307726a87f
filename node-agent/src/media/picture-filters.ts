// Pure: the filters that turn decoded pictures into what is encoded: deinterlaced, at most 60 a second, of the rung's
// size, square pixels, 8-bit 4:2:0, with colours that are named and the same in every chunk.
import type { Rung } from "@vstream/core/media.ts";
import type { ChunkPlan } from "./plan-chunk.ts";
import type { Picture, TimeBase } from "./timeline.ts";

const exactScaling = "bicubic+accurate_rnd+bitexact";

/** Filters that all rungs share: exactly the chunk's frames leave them. */
export function sourceFilter(source: { plan: ChunkPlan; picture: Picture; timeBase: TimeBase }): string[] {
  const { plan, picture, timeBase } = source;
  const cut = trim(plan.startPts, plan.endPts);
  const thinned = picture.keepEvery > 1 ? [`select='not(mod(n,${picture.keepEvery}))'`] : [];
  if (!picture.interlaced) return [cut, ...thinned];
  // The deinterlacer looks one frame back and one ahead, and halves the time base.
  const wide = trim(plan.joint.beforePts, plan.afterEndPts);
  const restored = `settb=${timeBase.num}/${timeBase.den}`;
  return [wide, "bwdif=mode=send_frame:parity=auto:deint=interlaced", restored, cut, ...thinned];
}

/** A filter that lets through frames from one timestamp up to, not including, another; null: no limit. */
export function trim(startPts: number | null, endPts: number | null): string {
  const limits = [
    ...(startPts === null ? [] : [`start_pts=${startPts}`]),
    ...(endPts === null ? [] : [`end_pts=${endPts}`]),
  ];
  return limits.length === 0 ? "null" : `trim=${limits.join(":")}`;
}

/** Filters of one rung. */
export function rungFilter(rung: Rung, picture: Picture): string {
  const { colour } = picture;
  const conversion =
    colour.convertFrom === null
      ? ""
      : `:in_color_matrix=${colour.convertFrom.matrix}:in_range=${colour.convertFrom.range}:out_color_matrix=${scalerMatrix(colour.matrix)}:out_range=tv`;
  return [
    `scale=${rung.width}:${rung.height}:flags=${exactScaling}${conversion}`,
    "format=yuv420p",
    "setsar=1",
    `setparams=range=tv:color_primaries=${colour.primaries}:color_trc=${colour.transfer}:colorspace=${colour.matrix}`,
  ].join(",");
}

// libswscale has names of its own.
function scalerMatrix(matrix: Picture["colour"]["matrix"]): string {
  return matrix === "bt470bg" ? "bt470" : matrix;
}
