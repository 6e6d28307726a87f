// Pure: how well a picture would do as a poster, from the brightness of its pixels, small. What is nearly black, nearly
// white or flat will not do; of the others, the one that shows most wins.

export interface Judgement {
  /** It will do. */
  readonly isGood: boolean;
  /** More is better. */
  readonly score: number;
}

const levels = 32;
/** Of 0 to 255. */
const darkest = 28;
const brightest = 225;
/** Standard deviation of the brightness. */
const leastContrast = 18;
/** Bits: a title on an even ground has less. */
const leastVariety = 2;

/** @param pixels a byte each, row by row @param width pixels in a row */
export function judge(pixels: Uint8Array, width: number): Judgement {
  const count = Math.max(1, pixels.length);
  const mean = pixels.reduce((sum, value) => sum + value, 0) / count;
  const contrast = Math.sqrt(pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count);
  const variety = varietyOf(pixels);
  const isGood = mean > darkest && mean < brightest && contrast > leastContrast && variety > leastVariety;
  // Blurred pictures are those of fades and fast movement.
  const sharpness = Math.min(1, sharpnessOf(pixels, width) / 16);
  return { isGood, score: variety + sharpness };
}

/** Entropy of the brightness, in bits: 0 to 5. */
function varietyOf(pixels: Uint8Array): number {
  const counts = new Array<number>(levels).fill(0);
  for (const value of pixels) {
    const level = Math.floor((value * levels) / 256);
    counts[level] = (counts[level] ?? 0) + 1;
  }
  return counts.reduce((bits, count) => {
    const share = count / Math.max(1, pixels.length);
    return share === 0 ? bits : bits - share * Math.log2(share);
  }, 0);
}

/** Mean difference between neighbours in a row. */
function sharpnessOf(pixels: Uint8Array, width: number): number {
  let sum = 0;
  let pairs = 0;
  for (const [index, value] of pixels.entries()) {
    if (index % width === 0) continue;
    sum += Math.abs(value - (pixels[index - 1] ?? 0));
    pairs += 1;
  }
  return sum / Math.max(1, pairs);
}
