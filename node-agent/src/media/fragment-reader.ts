// Reads a fragmented MP4 that may still be growing: its header, then one fragment after the other.
import { boxHeader, need, parseMoof, parseMoov } from "./fmp4-boxes.ts";
import type { CodedSample, TrackHeader } from "./fmp4-boxes.ts";
import { ReadableFile } from "./local-files.ts";

export interface Fragment {
  readonly samples: readonly CodedSample[];
  /** The samples' bytes, one after the other. */
  readonly payload: Buffer;
}

/** A fragment of 2 s at 500 Mbit/s is smaller. */
const boxByteLimit = 256 * 1024 * 1024;

export class FragmentReader implements AsyncDisposable {
  readonly #file: ReadableFile;
  #position = 0;
  #header: TrackHeader | null = null;

  private constructor(file: ReadableFile) {
    this.#file = file;
  }

  static async open(path: string): Promise<FragmentReader> {
    return new FragmentReader(await ReadableFile.open(path));
  }

  /** Null: not written yet. */
  async header(): Promise<TrackHeader | null> {
    while (this.#header === null) {
      const next = await this.#box(this.#position);
      if (next === null) return null;
      if (next.type === "moov") this.#header = parseMoov(next.bytes);
      this.#position = next.end;
    }
    return this.#header;
  }

  /** The next whole fragment; null: not written yet, or no more. */
  async next(): Promise<Fragment | null> {
    if ((await this.header()) === null) return null;
    const first = await this.#box(this.#position);
    if (first === null) return null;
    if (first.type !== "moof") {
      this.#position = first.end;
      return await this.next();
    }
    const second = await this.#box(first.end);
    if (second === null) return null;
    need(second.type === "mdat", "a moof without its mdat");
    const samples = parseMoof(first.bytes);
    const payload = second.bytes.subarray(second.headerBytes);
    const sum = samples.reduce((total, sample) => total + sample.sizeBytes, 0);
    need(sum === payload.length, "a fragment whose samples do not fill it");
    this.#position = second.end;
    return { samples, payload };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }

  async #box(at: number): Promise<{ type: string; headerBytes: number; bytes: Buffer; end: number } | null> {
    const head = await this.#file.read(at, 16);
    if (head.length < 16) return null;
    const { type, headerBytes, sizeBytes } = boxHeader(head, 0);
    need(sizeBytes <= boxByteLimit, `a box of ${sizeBytes} bytes`);
    if (at + sizeBytes > (await this.#file.sizeBytes())) return null;
    return { type, headerBytes, bytes: await this.#file.read(at, sizeBytes), end: at + sizeBytes };
  }
}
