// CEA-608 captions in a film, which ffmpeg reads and does not write: pop-on captions of the first field, as user data
// (ATSC A/53) in an SEI message before each picture of H.264, or in the user data of each picture of MPEG-2.

export interface Caption {
  readonly startFrame: number;
  /** The first frame without it. */
  readonly endFrame: number;
  /** Plain ASCII, at most 32 characters. */
  readonly text: string;
}

type Pair = readonly [number, number];

const loadPopOn: Pair = [0x14, 0x20];
const eraseHidden: Pair = [0x14, 0x2e];
const lastRow: Pair = [0x14, 0x70];
const show: Pair = [0x14, 0x2f];
const eraseShown: Pair = [0x14, 0x2c];
const nothing: Pair = [0x00, 0x00];

/** A film of H.264 as a plain stream, in which no picture comes before another that is shown earlier. */
export function withCaptionsInH264(stream: Buffer, captions: readonly Caption[]): Buffer {
  const units = nalUnits(stream);
  const frames = units.filter(isFirstSlice).length;
  const pairs = pairsOf(captions, frames);
  const parts: Buffer[] = [];
  let frame = 0;
  for (const unit of units) {
    if (isFirstSlice(unit)) {
      parts.push(startCode, seiUnit(userData(pairs[frame] ?? nothing)));
      frame += 1;
    }
    parts.push(startCode, unit);
  }
  return Buffer.concat(parts);
}

/** A film of MPEG-2 as a plain stream without B-frames. */
export function withCaptionsInMpeg2(stream: Buffer, captions: readonly Caption[]): Buffer {
  const units = nalUnits(stream);
  const pairs = pairsOf(captions, units.filter((unit) => unit[0] === mpeg2Picture).length);
  const parts: Buffer[] = [];
  let frame = -1;
  for (const [index, unit] of units.entries()) {
    parts.push(startCode, unit);
    if (unit[0] === mpeg2Picture) frame += 1;
    // After the extension that follows a picture's header.
    if (units[index - 1]?.[0] !== mpeg2Picture) continue;
    parts.push(startCode, Buffer.from([mpeg2UserData]), userData(pairs[frame] ?? nothing).subarray(3));
  }
  return Buffer.concat(parts);
}

const mpeg2Picture = 0x00;
const mpeg2UserData = 0xb2;

// What a decoder shows at a frame has been sent in the frames before, a pair in each; controls twice, as they must.
function pairsOf(captions: readonly Caption[], frames: number): Pair[] {
  const pairs = Array.from({ length: frames }, (): Pair => nothing);
  const put = (at: number, sent: readonly Pair[]): void => {
    for (const [index, pair] of sent.entries()) pairs[at + index] = pair;
  };
  for (const { startFrame, endFrame, text } of captions) {
    const letters = [...Buffer.from(text.length % 2 === 0 ? text : `${text} `, "latin1")];
    const written = letters.flatMap((letter, index): Pair[] =>
      index % 2 === 0 ? [[letter, letters[index + 1] ?? 0]] : [],
    );
    const loaded = [...[loadPopOn, eraseHidden, lastRow].flatMap((pair) => [pair, pair]), ...written];
    put(startFrame - loaded.length, loaded);
    put(startFrame, [show, show]);
    put(endFrame, [eraseShown, eraseShown]);
  }
  return pairs;
}

/** Of both fields; the second has nothing. */
function userData([first, second]: Pair): Buffer {
  return Buffer.from([
    ...[0xb5, 0x00, 0x31, ...Buffer.from("GA94"), 0x03, 0xc0 | 2, 0xff],
    ...[0xfc, odd(first), odd(second), 0xfd, odd(0), odd(0), 0xff],
  ]);
}

function seiUnit(payload: Buffer): Buffer {
  const message = Buffer.concat([Buffer.from([4, payload.length]), payload, Buffer.from([0x80])]);
  return Buffer.concat([Buffer.from([6]), escaped(message)]);
}

// Three bytes that look like a start code are kept apart by a fourth.
function escaped(bytes: Buffer): Buffer {
  const safe: number[] = [];
  for (const byte of bytes) {
    if (byte <= 3 && safe.at(-1) === 0 && safe.at(-2) === 0) safe.push(3);
    safe.push(byte);
  }
  return Buffer.from(safe);
}

function odd(byte: number): number {
  const ones = byte.toString(2).replaceAll("0", "").length;
  return ones % 2 === 1 ? byte : byte | 0x80;
}

const startCode = Buffer.from([0, 0, 0, 1]);

function nalUnits(stream: Buffer): Buffer[] {
  const code = Buffer.from([0, 0, 1]);
  const starts: number[] = [];
  for (let at = stream.indexOf(code); at >= 0; at = stream.indexOf(code, at + 3)) starts.push(at + 3);
  return starts.map((start, index) => {
    const next = starts[index + 1];
    let end = next === undefined ? stream.length : next - 3;
    while (end > start && stream[end - 1] === 0 && next !== undefined) end -= 1;
    return stream.subarray(start, end);
  });
}

// Its first macroblock is 0, which is written as a single set bit.
function isFirstSlice(unit: Buffer): boolean {
  const type = (unit[0] ?? 0) & 0x1f;
  return (type === 1 || type === 5) && ((unit[1] ?? 0) & 0x80) !== 0;
}
