// Makes the poster of a video: of some pictures near its beginning the one that shows most, and none that is nearly
// black, nearly white or flat while there is another. They are looked at small, and only the chosen one is made large.
import { VsError } from "@vstream/core/errors.ts";
import { brightnessArguments, posterArguments } from "./images-args.ts";
import { jpegSize } from "./images-jpeg.ts";
import { judge } from "./images-judge.ts";
import type { Judgement } from "./images-judge.ts";
import { durationMsOf, KeyPictures } from "./images-keys.ts";
import type { KeyPicture, PictureSource } from "./images-keys.ts";
import { candidateTimes, posterBands } from "./images-plan.ts";
import { runOnPictures } from "./images-run.ts";
import type { ImageTools } from "./images-run.ts";
import type { ImageBytes } from "./images-sheets.ts";

export interface PosterWork extends ImageTools {
  /** What is looked at; the cheaper, the better. */
  readonly small: PictureSource;
  /** What the poster is taken from: the same pictures at the same times. */
  readonly large: PictureSource;
}

/** At which pictures are judged. */
const judged = { width: 64, height: 36 } as const;

/** @throws VsError encode_mismatch; what runOnPictures and reading a segment throw */
export async function makePoster(work: PosterWork): Promise<ImageBytes> {
  const chosen = await choosePicture(work);
  const { large, small } = work;
  const picture = await new KeyPictures(large).at((chosen.atTicks / small.timeScale) * 1000);
  const given = { init: await large.readInit(), pictures: each([picture]) };
  const bytes = await runOnPictures(work, given, posterArguments);
  return { ...jpegSize(bytes), bytes };
}

async function choosePicture(work: PosterWork): Promise<KeyPicture> {
  const keys = new KeyPictures(work.small);
  let best: (Judgement & { readonly picture: KeyPicture }) | null = null;
  for (const band of posterBands) {
    for (const candidate of await judgeAll(work, await candidatesIn(keys, band))) {
      if (best === null || isBetter(candidate, best)) best = candidate;
    }
    if (best?.isGood === true) break;
  }
  if (best === null) throw new VsError("encode_mismatch", "the video has no picture for a poster");
  return best.picture;
}

// Of equals the earlier one stays.
function isBetter(one: Judgement, other: Judgement): boolean {
  return one.isGood === other.isGood ? one.score > other.score : one.isGood;
}

/** Those that lie in the band, each once. */
async function candidatesIn(keys: KeyPictures, band: (typeof posterBands)[number]): Promise<KeyPicture[]> {
  const durationMs = durationMsOf(keys.source);
  const leastTicks = ((band.from * durationMs) / 1000) * keys.source.timeScale;
  const found = new Map<number, KeyPicture>();
  for (const timeMs of candidateTimes(durationMs, band)) {
    const picture = await keys.at(timeMs);
    // Its own bytes, not the whole segment's.
    if (picture.atTicks >= leastTicks) found.set(picture.atTicks, { ...picture, bytes: Buffer.from(picture.bytes) });
  }
  return [...found.values()];
}

async function judgeAll(work: PosterWork, pictures: readonly KeyPicture[]) {
  if (pictures.length === 0) return [];
  const given = { init: await work.small.readInit(), pictures: each(pictures) };
  const bytes = await runOnPictures(work, given, (run) => brightnessArguments(run, judged));
  const sizeBytes = judged.width * judged.height;
  if (bytes.length !== pictures.length * sizeBytes) {
    throw new VsError("encode_mismatch", `ffmpeg gave ${bytes.length / sizeBytes} of ${pictures.length} pictures`);
  }
  return pictures.map((picture, index) => ({
    picture,
    ...judge(bytes.subarray(index * sizeBytes, (index + 1) * sizeBytes), judged.width),
  }));
}

async function* each(pictures: readonly KeyPicture[]): AsyncGenerator<KeyPicture> {
  for (const picture of pictures) yield await Promise.resolve(picture);
}
