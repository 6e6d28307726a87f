// Colours of which it is known how they look, coded in every way that sources code them: what is published looks so.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Bed } from "./bed.ts";
import { proveFilm } from "./prove.ts";

const run = promisify(execFile);
const side = 32;
const patches = ["000000", "ffffff", "808080", "404040", "c08060", "ff0000", "00ff00", "0000ff", "ffff00"] as const;
type Rgb = readonly [number, number, number];

interface Coding {
  readonly name: string;
  readonly as: string;
  readonly args: readonly string[];
  /** Furthest that any of a patch's three values may be off. */
  readonly tolerance: number;
  /** What a patch looks like, where it is not to look as it was. */
  readonly looks?: (patch: Rgb) => Rgb | null;
}

const lossless = ["-c:v", "ffv1"];
const fromRgb = "zscale=min=gbr:pin=bt709:tin=bt709:rin=pc";

function tags(matrix: string, primaries: string, transfer: string, range = "tv"): string[] {
  return [
    ...["-colorspace", matrix, "-color_primaries", primaries, "-color_trc", transfer, "-color_range", range],
    ...lossless,
  ];
}

// White keeps a tenth for what is brighter; darker greys stay; of others the curve's own test tells.
function withHeadroom(patch: Rgb): Rgb | null {
  if (!patch.every((value) => value === patch[0])) return null;
  return patch[0] === 255 ? [230, 230, 230] : patch;
}

// At the very edge of what screens have, a table of steps mixes in some white: in light, a fortieth at most. Taken as they
// are, P3's colours would be off by 117.
const pureTolerance = 60;

const codings: readonly Coding[] = [
  {
    ...{ name: "BT.601", as: "film.mkv", tolerance: 4 },
    args: ["-vf", "scale=out_color_matrix=smpte170m,format=yuv444p", ...tags("smpte170m", "smpte170m", "smpte170m")],
  },
  {
    ...{ name: "BT.709 in small pictures", as: "film.mkv", tolerance: 4 },
    args: ["-vf", "scale=out_color_matrix=bt709,format=yuv444p", ...tags("bt709", "bt709", "bt709")],
  },
  {
    ...{ name: "colours without a name in small pictures", as: "film.mkv", tolerance: 4 },
    args: ["-vf", "scale=out_color_matrix=smpte170m,format=yuv420p", ...lossless],
  },
  {
    ...{ name: "BT.709 in full range", as: "film.mkv", tolerance: 4 },
    args: [
      ...["-vf", "scale=out_color_matrix=bt709:out_range=pc,format=yuv444p10"],
      ...tags("bt709", "bt709", "bt709", "pc"),
    ],
  },
  {
    ...{ name: "JPEG's BT.601 in full range", as: "film.avi", tolerance: 6 },
    args: ["-vf", "scale=out_color_matrix=smpte170m:out_range=pc,format=yuvj420p", "-c:v", "mjpeg", "-q:v", "1"],
  },
  { name: "RGB", as: "film.mkv", tolerance: 4, args: ["-pix_fmt", "gbrp", ...lossless] },
  { name: "RGB as PNG pictures", as: "film.mov", tolerance: 4, args: ["-pix_fmt", "rgb24", "-c:v", "png"] },
  {
    name: "a palette",
    as: "film.gif",
    tolerance: 8,
    args: ["-vf", "fps=25,split[a][b];[a]palettegen[p];[b][p]paletteuse"],
  },
  {
    ...{ name: "BT.2020 of ordinary range", as: "film.mkv", tolerance: pureTolerance },
    args: [
      ...["-vf", `${fromRgb}:p=bt2020:m=2020_ncl:t=2020_10:r=tv,format=yuv444p10`],
      ...tags("bt2020nc", "bt2020", "bt2020-10"),
    ],
  },
  {
    ...{ name: "P3 as phones have it", as: "film.mkv", tolerance: pureTolerance },
    args: ["-vf", `${fromRgb}:p=smpte432:m=bt709:t=bt709:r=tv,format=yuv444p10`, ...tags("bt709", "smpte432", "bt709")],
  },
  {
    ...{ name: "PQ", as: "film.mkv", tolerance: 6, looks: withHeadroom },
    args: [
      ...["-vf", `${fromRgb}:p=bt2020:m=2020_ncl:t=smpte2084:r=tv:npl=203,format=yuv444p10`],
      ...tags("bt2020nc", "bt2020", "smpte2084"),
    ],
  },
  {
    ...{ name: "HLG", as: "film.mkv", tolerance: 8, looks: withHeadroom },
    args: [
      ...["-vf", `${fromRgb}:p=bt2020:m=2020_ncl:t=arib-std-b67:r=tv:npl=203,format=yuv444p10`],
      ...tags("bt2020nc", "bt2020", "arib-std-b67"),
    ],
  },
];

async function patchesOf(path: string): Promise<Rgb[]> {
  const { stdout } = await run(
    "ffmpeg",
    ["-v", "error", "-i", path, "-frames:v", "1", "-vf", "format=rgb24", "-f", "rawvideo", "-"],
    { encoding: "buffer", maxBuffer: 1e8 },
  );
  const row = (side / 2) * side * patches.length;
  return patches.map((_, index) => {
    const at = (row + index * side + side / 2) * 3;
    return [stdout[at] ?? 0, stdout[at + 1] ?? 0, stdout[at + 2] ?? 0];
  });
}

describe("colours of a source", function () {
  this.timeout(120_000);
  let bed: Bed;
  before(async () => {
    bed = await Bed.open();
  });
  after(async () => {
    await bed[Symbol.asyncDispose]();
  });

  for (const [index, { name, as, args, tolerance, looks }] of codings.entries()) {
    it(`look as they are when coded as ${name}`, async () => {
      const path = bed.path(`${index}-${as}`);
      const inputs = patches.flatMap((colour) => [
        "-f",
        "lavfi",
        "-i",
        `color=0x${colour}:s=${side}x${side}:r=24:d=1,format=gbrp`,
      ]);
      const joined = `${patches.map((_, number) => `[${number}]`).join("")}hstack=${patches.length}`;
      const strip = await bed.once("strip.mkv", (to) =>
        bed.ffmpeg([...inputs, "-filter_complex", joined, ...lossless, to]),
      );
      await bed.ffmpeg(["-i", strip, ...args, path]);
      const size = [side * patches.length, side] as const;
      const rate = as.endsWith("gif") ? 25 : 24;
      const published = await proveFilm(path, { kind: "film", size, frames: rate, rate, likeness: null }, bed);
      for (const [number, seen] of (await patchesOf(published)).entries()) {
        const patch = Buffer.from(patches[number] ?? "", "hex");
        const given: Rgb = [patch[0] ?? 0, patch[1] ?? 0, patch[2] ?? 0];
        const wanted = looks === undefined ? given : looks(given);
        if (wanted === null) continue;
        const off = Math.max(...seen.map((value, channel) => Math.abs(value - (wanted[channel] ?? 0))));
        assert.ok(
          off <= tolerance,
          `${patches[number]} is to look like ${wanted.join()} and looks like ${seen.join()}`,
        );
      }
    });
  }
});
