// Counts decoded pictures by what they tell of themselves: their size, which may change on the way, and whether they are
// interlaced.

/** Pictures that are alike. */
export interface PictureSample {
  readonly width: number;
  readonly height: number;
  /** As ffprobe prints it: 1:1; N/A. */
  readonly pixelAspect: string;
  readonly interlaced: boolean;
  readonly count: number;
}

/** Kinds of pictures that one source may have; more are left out of account. */
const kindLimit = 256;

/** Counts decoded pictures by kind. */
export class PictureCounter {
  readonly #kinds = new Map<string, PictureSample>();

  /** @param line ffprobe's: a time, width, height, pixel aspect, interlaced or not */
  take(line: string): void {
    const [, width, height, pixelAspect = "", interlaced] = line.split(",");
    const [across, down] = [Number(width), Number(height)];
    if (!(across > 0 && down > 0)) return;
    const key = `${across} ${down} ${pixelAspect} ${interlaced ?? ""}`;
    const before = this.#kinds.get(key);
    if (before === undefined && this.#kinds.size >= kindLimit) return;
    const count = (before?.count ?? 0) + 1;
    this.#kinds.set(key, { width: across, height: down, pixelAspect, interlaced: interlaced === "1", count });
  }

  get samples(): PictureSample[] {
    return [...this.#kinds.values()];
  }
}
