// Pure: what a source's colours are, and how they become the BT.709 or BT.601 that every player shows.
import type { VideoRange } from "@vstream/core/media.ts";
import type { SourceStream } from "./source-shape.ts";
import { colourMatrices, colourPrimaries, colourTransfers } from "./timeline.ts";
import type { Colour, ColourSpace, scalerMatrices } from "./timeline.ts";

/**
 * Sources that do not say are taken for what players would take them for, and say so from then on: a rung of another
 * size would be taken for something else. High dynamic range and wide colour become BT.709.
 */
export function colourOf(video: SourceStream): Colour {
  const mapFrom = spaceOf(video);
  const isFull = video.color_range === "pc" || video.pix_fmt.startsWith("yuvj");
  if (mapFrom !== null) {
    const matrix = scalerMatrixOf(video.color_space) ?? (mapFrom === "p3" ? "bt709" : "bt2020");
    const convertFrom = { matrix, range: isFull ? "pc" : "tv" } as const;
    return { matrix: "bt709", primaries: "bt709", transfer: "bt709", convertFrom, mapFrom };
  }
  const usual = video.height >= 720 ? "bt709" : "smpte170m";
  const isWide = video.color_space.startsWith("bt2020");
  const matrix = isWide ? "bt709" : (oneOf(colourMatrices, video.color_space) ?? usual);
  return {
    matrix,
    primaries: oneOf(colourPrimaries, video.color_primaries) ?? usual,
    transfer: oneOf(colourTransfers, video.color_transfer) ?? usual,
    convertFrom:
      isWide || isRgb(video) || isFull
        ? {
            matrix: scalerMatrixOf(video.color_space) ?? scalerNameOf(matrix),
            range: isFull || isRgb(video) ? "pc" : "tv",
          }
        : null,
    mapFrom,
  };
}

/**
 * What rungs of high dynamic range can be made of it: as it is, without a table, so only of what is in BT.2020 already.
 * Of anything else the rungs would be named what they are not.
 */
export function videoRangeOf(video: SourceStream): VideoRange {
  const space = spaceOf(video);
  if (!isInBt2020(video)) return "SDR";
  return space === "pq" ? "PQ" : space === "hlg" ? "HLG" : "SDR";
}

// What does not say is taken for it, as everything else is that has such a transfer.
function isInBt2020(video: SourceStream): boolean {
  const { color_primaries: primaries, color_space: matrix } = video;
  const isMixedSo = isRgb(video) || isUnsaid(matrix) || matrix === "bt2020nc" || matrix === "gbr";
  return isMixedSo && (isUnsaid(primaries) || primaries === "bt2020");
}

function isUnsaid(name: string): boolean {
  return ["", "unknown", "unspecified", "reserved"].includes(name);
}

/** libswscale has names of its own. */
export function scalerNameOf(matrix: Colour["matrix"]): (typeof scalerMatrices)[number] {
  return matrix === "bt470bg" ? "bt470" : matrix;
}

/** What of a source's colours is not shown as it is; null: nothing. */
export function colourWarning(video: SourceStream): string | null {
  const dolby = dolbyOf(video);
  switch (spaceOf(video)) {
    case "pq":
    case "hlg":
      if (!isInBt2020(video)) return unusual(video);
      return "its high dynamic range is brought to the range of ordinary screens";
    case "dolby-ipt":
      return `it is Dolby Vision profile ${String(dolby?.profile)}: shown without its scene by scene adjustments`;
    case "bt2020":
    case "p3":
      return "its wide colours are brought to those of ordinary screens";
    case null:
      return ["ycgco", "ictcp"].includes(video.color_space)
        ? `its colours (${video.color_space}) may be shown wrongly`
        : null;
  }
}

function unusual({ color_primaries: primaries, color_space: matrix }: SourceStream): string {
  const named = `primaries ${primaries || "unknown"}, matrix ${matrix || "unknown"}`;
  return `its high dynamic range is brought to the range of ordinary screens only, and may be shown wrongly: its colours are not those of BT.2020 (${named})`;
}

// A plain BT.2020 matrix with ordinary primaries is a matter of the matrix alone.
function spaceOf(video: SourceStream): ColourSpace | null {
  const dolby = dolbyOf(video);
  // Profiles without a base layer that others understand.
  if (dolby !== null && dolby.compatibility === 0 && [5, 10].includes(dolby.profile)) return "dolby-ipt";
  if (video.color_transfer === "smpte2084" || dolby?.compatibility === 1) return "pq";
  if (video.color_transfer === "arib-std-b67" || dolby?.compatibility === 4) return "hlg";
  if (isRgb(video)) return null;
  if (video.color_primaries === "bt2020") return "bt2020";
  return ["smpte431", "smpte432"].includes(video.color_primaries) ? "p3" : null;
}

function dolbyOf(video: SourceStream): { profile: number; compatibility: number } | null {
  const record = video.side_data_list.find((side) => side.dv_profile !== undefined);
  if (record?.dv_profile === undefined) return null;
  return { profile: record.dv_profile, compatibility: record.dv_bl_signal_compatibility_id ?? 0 };
}

function isRgb(video: SourceStream): boolean {
  return /^(gbr|rgb|bgr|argb|abgr|pal8|0rgb|0bgr|x2|bayer|mono)/.test(video.pix_fmt);
}

function scalerMatrixOf(space: string): (typeof scalerMatrices)[number] | undefined {
  if (space.startsWith("bt2020")) return "bt2020";
  const matrix = oneOf(colourMatrices, space);
  return matrix === undefined ? undefined : scalerNameOf(matrix);
}

function oneOf<Name extends string>(names: readonly Name[], name: string): Name | undefined {
  return names.find((candidate) => candidate === name);
}
