// For tests: the files of a stream out of memory. What stands below a pathway's name is the same files.
import type { MediaRef } from "../parse-media.ts";
import type { SegmentScan } from "../segment-scan.ts";
import type { StreamFiles } from "../stream-reader.ts";

const base = "http://memory/v/as/";

export class MemoryFiles implements StreamFiles {
  readonly #files: ReadonlyMap<string, Buffer>;

  constructor(files: ReadonlyMap<string, Buffer>) {
    this.#files = files;
  }

  url(path: string): string {
    return base + path;
  }

  async readPlaylist(url: string): Promise<string | null> {
    return await Promise.resolve(this.#read({ url, range: null })?.toString("utf8") ?? null);
  }

  async readInit(ref: MediaRef): Promise<Buffer | null> {
    return await Promise.resolve(this.#read(ref));
  }

  async readText(ref: MediaRef): Promise<Buffer | null> {
    return await Promise.resolve(this.#read(ref));
  }

  async scanSegment(ref: MediaRef, scan: SegmentScan): Promise<boolean> {
    const bytes = await Promise.resolve(this.#read(ref));
    if (bytes !== null) scan.push(bytes);
    return bytes !== null;
  }

  #read({ url, range }: MediaRef): Buffer | null {
    const path = url.replace(base, "").replace(/^(one|two)\//, "");
    const bytes = this.#files.get(path) ?? null;
    return range === null ? bytes : (bytes?.subarray(range.offset, range.offset + range.length) ?? null);
  }
}
