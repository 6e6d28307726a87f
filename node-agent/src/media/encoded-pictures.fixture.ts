// For tests: a clip encoded as viewers get it, a keyframe every 2 s and three groups a segment, in memory.
import { readFile } from "node:fs/promises";
import { boxesIn, parseMoof, parseMoov } from "./fmp4-boxes.ts";
import type { PictureSource } from "./images-keys.ts";
import { makeSource } from "./trial-media.fixture.ts";

const groupsPerSegment = 3;

export interface Encoded extends PictureSource {
  /** Segments that were read, in order. */
  readonly reads: readonly number[];
  readonly segments: readonly Buffer[];
}

/** @param input arguments of ffmpeg that name the input and its filters; 24 frames a second @param path for a while */
export async function encodePictures(
  input: readonly string[],
  size: { width: number; height: number },
  path: string,
): Promise<Encoded> {
  const coding = ["-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-g", "48", "-keyint_min", "48"];
  const form = ["-sc_threshold", "0", "-bf", "0", "-movflags", "+frag_keyframe+empty_moov+default_base_moof"];
  const pixels = ["-pix_fmt", "yuv420p", "-s", `${size.width}x${size.height}`, "-an", "-r", "24"];
  await makeSource([...input, ...pixels, ...coding, ...form, "-f", "mp4", path]);
  const bytes = await readFile(path);
  const boxes = boxesIn(bytes);
  const moov = boxes.find((box) => box.type === "moov");
  const moofs = boxes.filter((box) => box.type === "moof");
  const mdats = boxes.filter((box) => box.type === "mdat");
  const firsts = moofs.filter((_, index) => index % groupsPerSegment === 0);
  const ends = [...firsts.slice(1).map((box) => box.start), mdats.at(-1)?.end ?? 0];
  const segments = firsts.map((box, index) => bytes.subarray(box.start, ends[index]));
  const samples = moofs.flatMap((box) => parseMoof(bytes.subarray(box.start, box.end)));
  const { timeScale } = parseMoov(bytes.subarray(moov?.start, moov?.end));
  const reads: number[] = [];
  return {
    ...{ ...size, timeScale, reads, segments, endTicks: (samples.length * timeScale) / 24 },
    segmentStarts: firsts.map((box) => parseMoof(bytes.subarray(box.start, box.end))[0]?.decodeTime ?? 0),
    readInit: () => Promise.resolve(bytes.subarray(0, moov?.end)),
    readSegment: (segment) => {
      reads.push(segment);
      return Promise.resolve(segments[segment] ?? Buffer.alloc(0));
    },
  };
}
