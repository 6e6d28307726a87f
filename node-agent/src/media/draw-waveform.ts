// Pure: a picture of a sound, drawn once for the whole of it: bars about a line, as tall as it is loud.

/** Of the picture that stands for a source without pictures. */
export const stillWidth = 1280;
export const stillHeight = 720;

const barWidth = 6;
const gapWidth = 4;
const marginWidth = 40;
const tallestBar = 480;
const shortestBar = 6;

/** Brightness and colour in full range, BT.601: a dark ground and bars of a light blue. */
const ground = [28, 134, 124] as const;
const bar = [168, 158, 96] as const;

/** @param peaks 0 to 1. @returns planar 4:2:0, full range */
export function drawWaveform(peaks: readonly number[]): Buffer {
  const planes = [stillWidth * stillHeight, (stillWidth * stillHeight) / 4, (stillWidth * stillHeight) / 4] as const;
  const picture = Buffer.concat([
    Buffer.alloc(planes[0], ground[0]),
    Buffer.alloc(planes[1], ground[1]),
    Buffer.alloc(planes[2], ground[2]),
  ]);
  const count = Math.floor((stillWidth - 2 * marginWidth) / (barWidth + gapWidth));
  for (let index = 0; index < count; index += 1) {
    const height = barHeight(loudest(peaks, index / count, (index + 1) / count));
    fillBar(picture, { left: marginWidth + index * (barWidth + gapWidth), height });
  }
  return picture;
}

function loudest(peaks: readonly number[], from: number, to: number): number {
  const first = Math.floor(from * peaks.length);
  const after = Math.max(first + 1, Math.floor(to * peaks.length));
  return Math.max(0, ...peaks.slice(first, after));
}

// Even, and a multiple of four, so that the bar is the same above and below the line, also in colour.
function barHeight(loudness: number): number {
  return Math.max(shortestBar, Math.round((loudness * tallestBar) / 4) * 4);
}

function fillBar(picture: Buffer, { left, height }: { left: number; height: number }): void {
  const top = (stillHeight - height) / 2;
  for (let row = top; row < top + height; row += 1)
    fillRow(picture, { at: row * stillWidth + left, width: barWidth, value: bar[0] });
  const [wide, tall] = [stillWidth / 2, stillHeight / 2];
  for (const plane of [1, 2] as const) {
    const start = stillWidth * stillHeight + (plane - 1) * wide * tall;
    for (let row = Math.floor(top / 2); row < Math.ceil((top + height) / 2); row += 1) {
      fillRow(picture, { at: start + row * wide + left / 2, width: barWidth / 2, value: bar[plane] });
    }
  }
}

function fillRow(picture: Buffer, row: { at: number; width: number; value: number }): void {
  picture.fill(row.value, row.at, row.at + row.width);
}
