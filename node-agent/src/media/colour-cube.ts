// Pure: tables that bring wide colour and high dynamic range to BT.709 on an ordinary screen, in the form that ffmpeg's
// lut3d reads. Made here so that every processor gives the same bytes: zscale computes differently on each.
import type { ColourSpace } from "./timeline.ts";

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** Steps along each side. */
const cubeSize = 33;
/** What white is on an ordinary screen, and where high dynamic range has it: ITU-R BT.2408. In candelas a square metre. */
const whiteNits = 203;
/** The brightest that keeps its drawing; what is brighter is as bright. */
const peakNits = 1000;
/** Of ordinary screens: ITU-R BT.1886. */
const screenGamma = 2.4;

const bt709FromBt2020: Matrix = [
  [1.6604910021, -0.5876411388, -0.0728498633],
  [-0.1245504745, 1.1328998971, -0.0083494226],
  [-0.0181507634, -0.100578898, 1.1187296614],
];
const bt709FromP3: Matrix = [
  [1.2249401763, -0.2249401763, 0],
  [-0.0420569547, 1.0420569547, 0],
  [-0.0196375546, -0.0786360456, 1.0982736001],
];
/** Of BT.709's primaries, then of BT.2020's. */
const lightness709: Triple = [0.2126, 0.7152, 0.0722];
const lightness2020: Triple = [0.2627, 0.678, 0.0593];

// Dolby Vision's IPT with a fiftieth of crosstalk; from its lights to BT.2020.
const ipt: Matrix = [
  [1, 0.0975, 0.2052],
  [1, -0.1139, 0.1332],
  [1, 0.0326, -0.6769],
];
const crosstalkFree: Matrix = [
  [17081 / 16384, -349 / 16384, -349 / 16384],
  [-349 / 16384, 17081 / 16384, -349 / 16384],
  [-349 / 16384, -349 / 16384, 17081 / 16384],
];
const bt2020FromLms: Matrix = [
  [3.06441879, -2.16597676, 0.10155818],
  [-0.65612108, 1.78554118, -0.12943749],
  [0.01736321, -0.04725154, 1.03004253],
];

/** A table as text: a line a corner, red running fastest. For `dolby-ipt` red, green, blue are what V, Y, U hold. */
export function colourCube(from: ColourSpace): string {
  const lines = [`LUT_3D_SIZE ${cubeSize}`];
  const steps = Array.from({ length: cubeSize }, (_, step) => step / (cubeSize - 1));
  for (const blue of steps) {
    for (const green of steps) {
      for (const red of steps)
        lines.push(
          mapColour(from, [red, green, blue])
            .map((value) => value.toFixed(6))
            .join(" "),
        );
    }
  }
  return `${lines.join("\n")}\n`;
}

/** One colour, as coded, from 0 to 1, to BT.709 as coded. */
export function mapColour(from: ColourSpace, coded: Triple): Triple {
  switch (from) {
    case "pq":
      return encoded(times(bt709FromBt2020, toScreen(each(coded, nitsFromPq))));
    case "hlg":
      return encoded(times(bt709FromBt2020, toScreen(nitsFromHlg(coded))));
    case "dolby-ipt":
      return encoded(times(bt709FromBt2020, toScreen(nitsFromIpt(coded))));
    case "bt2020":
      return encoded(
        times(
          bt709FromBt2020,
          each(coded, (value) => value ** screenGamma),
        ),
      );
    case "p3":
      return encoded(
        times(
          bt709FromP3,
          each(coded, (value) => value ** screenGamma),
        ),
      );
  }
}

// SMPTE ST 2084.
const [m1, m2, c1, c2, c3] = [2610 / 16384, (2523 / 4096) * 128, 3424 / 4096, (2413 / 4096) * 32, (2392 / 4096) * 32];

function nitsFromPq(value: number): number {
  const power = Math.max(value, 0) ** (1 / m2);
  return 10_000 * (Math.max(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1);
}

function pqFromNits(nits: number): number {
  const power = (nits / 10_000) ** m1;
  return ((c1 + c2 * power) / (1 + c3 * power)) ** m2;
}

// ITU-R BT.2100: light of the scene, then as a screen of 1000 shows it.
function nitsFromHlg(coded: Triple): Triple {
  const [a, b, c] = [0.17883277, 0.28466892, 0.55991073];
  const scene = each(coded, (value) => (value <= 0.5 ? value ** 2 / 3 : (Math.exp((value - c) / a) + b) / 12));
  const system = dot(lightness2020, scene) ** 0.2;
  return each(scene, (value) => peakNits * system * value);
}

function nitsFromIpt([v, y, u]: Triple): Triple {
  const lights = each(times(ipt, [y, u - 0.5, v - 0.5]), nitsFromPq);
  return each(times(bt2020FromLms, times(crosstalkFree, lights)), (nits) => Math.max(nits, 0));
}

// ITU-R BT.2390's curve on the brightest of the three, so that hues stay: dark and middle tones are kept, and what is
// brighter than white is rolled off. Gives shares of white.
function toScreen(nits: Triple): Triple {
  const most = Math.max(...nits);
  if (most <= 0) return [0, 0, 0];
  const share = nitsFromPq(rolledOff(pqFromNits(Math.min(most, peakNits)))) / most / whiteNits;
  return each(nits, (value) => value * share);
}

function rolledOff(pq: number): number {
  const top = pqFromNits(peakNits);
  const [value, most] = [pq / top, pqFromNits(whiteNits) / top];
  const knee = 1.5 * most - 0.5;
  if (value <= knee) return pq;
  const t = (value - knee) / (1 - knee);
  const spline =
    (2 * t ** 3 - 3 * t ** 2 + 1) * knee + (t ** 3 - 2 * t ** 2 + t) * (1 - knee) + (-2 * t ** 3 + 3 * t ** 2) * most;
  return spline * top;
}

// Colours that BT.709 does not have are paled until no part of them is negative: their lightness stays. What is too
// bright is cut off.
function encoded(light: Triple): Triple {
  const grey = Math.max(dot(lightness709, light), 0);
  const least = Math.min(...light);
  const keep = least < 0 ? grey / (grey - least) : 1;
  return each(light, (value) => Math.min(Math.max(grey + (value - grey) * keep, 0), 1) ** (1 / screenGamma));
}

function each([one, two, three]: Triple, change: (value: number) => number): Triple {
  return [change(one), change(two), change(three)];
}

function dot(one: Triple, other: Triple): number {
  return one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
}

function times(matrix: Matrix, vector: Triple): Triple {
  return [dot(matrix[0], vector), dot(matrix[1], vector), dot(matrix[2], vector)];
}
