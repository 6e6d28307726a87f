// The pictures of a rendition that can be decoded by themselves, taken out of its segments: the first of each group.
// Put behind the init segment, they make a small file for ffmpeg with nothing in it but what is wanted.
import { VsError } from "@vstream/core/errors.ts";
import { boxesIn, parseMoof, parseMoov } from "./fmp4-boxes.ts";
import { mediaFragment } from "./fmp4-writer.ts";

/** A rendition as the images are made of it. Segments follow each other from the time 0. */
export interface PictureSource {
  readonly timeScale: number;
  readonly width: number;
  readonly height: number;
  /** In ticks, ascending. */
  readonly segmentStarts: readonly number[];
  /** Where the last segment ends, in ticks. */
  readonly endTicks: number;
  readonly readInit: () => Promise<Buffer>;
  readonly readSegment: (segment: number) => Promise<Buffer>;
}

export interface KeyPicture {
  readonly segment: number;
  /** When it is shown. */
  readonly atTicks: number;
  readonly bytes: Buffer;
}

export function durationMsOf({ endTicks, timeScale }: PictureSource): number {
  return (endTicks / timeScale) * 1000;
}

/** Reads segments as they are asked for; the last one stays in memory. */
export class KeyPictures {
  readonly source: PictureSource;
  #last: { readonly segment: number; readonly pictures: readonly KeyPicture[] } | null = null;

  constructor(source: PictureSource) {
    this.source = source;
  }

  /**
   * The picture at a time, or the last one before it.
   * @throws VsError encode_mismatch when there is none; what reading the segment throws
   */
  async at(timeMs: number): Promise<KeyPicture> {
    const { segmentStarts, timeScale } = this.source;
    // Times in whole milliseconds may fall just short of their tick.
    const ticks = Math.floor(((timeMs + 0.5) / 1000) * timeScale);
    const segment = Math.max(
      0,
      segmentStarts.findLastIndex((start) => start <= ticks),
    );
    const pictures = await this.#in(segment);
    const picture = pictures.findLast(({ atTicks }) => atTicks <= ticks) ?? pictures[0];
    if (picture === undefined) throw new VsError("encode_mismatch", `segment ${segment} has no picture to begin with`);
    return picture;
  }

  async #in(segment: number): Promise<readonly KeyPicture[]> {
    if (this.#last?.segment !== segment) {
      this.#last = { segment, pictures: keyPicturesIn(await this.source.readSegment(segment), segment) };
    }
    return this.#last.pictures;
  }
}

function keyPicturesIn(bytes: Buffer, segment: number): KeyPicture[] {
  const boxes = boxesIn(bytes);
  return boxes.flatMap((box, index) => {
    const content = boxes[index + 1];
    if (box.type !== "moof" || content?.type !== "mdat") return [];
    const [first] = parseMoof(bytes.subarray(box.start, box.end));
    if (first?.isKey !== true || content.body + first.sizeBytes > content.end) return [];
    const atTicks = first.decodeTime + first.compositionOffset;
    return [{ segment, atTicks, bytes: bytes.subarray(content.body, content.body + first.sizeBytes) }];
  });
}

/** A file of key pictures, one a second from the given place on. */
export function pictureFile(init: Buffer, pictures: readonly KeyPicture[]): Buffer[] {
  const { timeScale } = parseMoov(moovOf(init));
  const fragments = pictures.flatMap(({ bytes }, place) =>
    mediaFragment({
      sequence: place + 1,
      decodeTime: place * timeScale,
      samples: [{ sizeBytes: bytes.length, durationTicks: timeScale, compositionOffset: 0, isKey: true }],
      payload: bytes,
    }),
  );
  return [init, ...fragments];
}

function moovOf(init: Buffer): Buffer {
  const moov = boxesIn(init).find((box) => box.type === "moov");
  if (moov === undefined) throw new VsError("encode_mismatch", "an init segment has no moov box");
  return init.subarray(moov.start, moov.end);
}
