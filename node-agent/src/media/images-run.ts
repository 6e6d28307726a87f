// Runs ffmpeg over key pictures: they go to files of bounded size, and what is made of them comes back as bytes.
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import { baselineFlags } from "./input-args.ts";
import type { ImageRun } from "./images-args.ts";
import { pictureFile } from "./images-keys.ts";
import type { KeyPicture } from "./images-keys.ts";
import { ReadableFile, removeFile, writeParts } from "./local-files.ts";
import type { MediaTools } from "./media-tools.ts";
import { runFfmpeg } from "./run-ffmpeg.ts";

/** Pictures that are held in memory at one time. */
const fileByteLimit = 16 * 1024 * 1024;
/** Of what ffmpeg makes in one run: a sheet of thumbnails, or a poster of the largest size. */
const outputByteLimit = 64 * 1024 * 1024;
const runLimitMs = 10 * 60_000;

export interface ImageTools {
  readonly tools: MediaTools;
  readonly scratchFolder: string;
  readonly signal: AbortSignal;
  readonly onLog?: (line: string) => void;
}

/**
 * @param build gives the arguments of ffmpeg
 * @returns what ffmpeg wrote; nothing stays in the scratch folder
 * @throws VsError what run-ffmpeg.ts throws, encode_mismatch, media_limit; the signal's reason
 */
export async function runOnPictures(
  work: ImageTools,
  given: { init: Buffer; pictures: AsyncIterable<KeyPicture> },
  build: (run: ImageRun) => string[],
): Promise<Buffer> {
  const inputPaths = await writePictures(work, given);
  const outputPath = join(work.scratchFolder, "image.out");
  try {
    await runFfmpeg({
      ffmpegPath: work.tools.ffmpegPath,
      args: build({ inputPaths, outputPath, cpuFlags: baselineFlags(process.arch) }),
      signal: work.signal,
      timeLimitMs: runLimitMs,
      onLog: work.onLog,
    });
    return await takeOutput(outputPath);
  } finally {
    for (const path of [...inputPaths, outputPath]) await removeFile(path);
  }
}

async function writePictures(
  { scratchFolder, signal }: ImageTools,
  { init, pictures }: { init: Buffer; pictures: AsyncIterable<KeyPicture> },
): Promise<string[]> {
  const paths: string[] = [];
  let waiting: KeyPicture[] = [];
  let waitingBytes = 0;
  const flush = async (): Promise<void> => {
    const path = join(scratchFolder, `pictures-${paths.length}.mp4`);
    await writeParts(path, pictureFile(init, waiting));
    paths.push(path);
    [waiting, waitingBytes] = [[], 0];
  };
  for await (const picture of pictures) {
    signal.throwIfAborted();
    // Its own bytes, not the whole segment's.
    waiting.push({ ...picture, bytes: Buffer.from(picture.bytes) });
    waitingBytes += picture.bytes.length;
    if (waitingBytes >= fileByteLimit) await flush();
  }
  if (waiting.length > 0) await flush();
  if (paths.length === 0) throw new VsError("encode_mismatch", "there are no pictures to make images of");
  return paths;
}

async function takeOutput(path: string): Promise<Buffer> {
  await using file = await ReadableFile.open(path);
  const sizeBytes = await file.sizeBytes();
  if (sizeBytes > outputByteLimit) throw new VsError("media_limit", `ffmpeg made an image of ${sizeBytes} bytes`);
  return await file.read(0, sizeBytes);
}
