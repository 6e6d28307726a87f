// Fetches files and adds to the findings what is wrong with how they are delivered: absent, redirected, of another
// type, not compressed.
import { finding } from "@vstream/authoring/findings.ts";
import type { FindingList } from "@vstream/authoring/findings.ts";
import type { MediaPlaylist, MediaRef } from "@vstream/authoring/parse-media.ts";
import type { SegmentScan } from "@vstream/authoring/segment-scan.ts";
import type { StreamFiles } from "@vstream/authoring/stream-reader.ts";
import { checkAnswer, checkEncodings } from "./delivery-rules.ts";
import type { AnswerHead, FileKind } from "./delivery-rules.ts";
import { FetchFailure } from "./fetch-file.ts";
import type { Ask, Fetcher } from "./fetch-file.ts";
import { compareParsers } from "./other-parsers.ts";

const playlistLimitBytes = 32 * 2 ** 20;
const initLimitBytes = 2 ** 20;
const textLimitBytes = 8 * 2 ** 20;
const segmentLimitBytes = 2 ** 30;
/** Of a picture: it is held whole. */
const rangeLimitBytes = 32 * 2 ** 20;

export class CheckedFiles implements StreamFiles {
  readonly #fetcher: Fetcher;
  readonly #findings: FindingList;

  constructor(fetcher: Fetcher, findings: FindingList) {
    this.#fetcher = fetcher;
    this.#findings = findings;
  }

  /** With gzip and without. Null: it is not there. */
  async readPlaylist(url: string): Promise<string | null> {
    const limitBytes = playlistLimitBytes;
    const gzipped = await this.fetchWhole(url, { gzip: true, limitBytes });
    if (gzipped === null) return null;
    this.#findings.add(checkAnswer(gzipped.head, "playlist"));
    if (!isThere(gzipped.head)) return null;
    const plain = await this.fetchWhole(url, { gzip: false, limitBytes });
    if (plain !== null) this.#findings.add(checkEncodings(gzipped.head, plain.head));
    const text = gzipped.body.toString("utf8");
    this.#findings.add(compareParsers(text, url));
    return text;
  }

  /** Once more, without a word on its delivery. */
  async readAgain(url: string): Promise<string | null> {
    const answer = await this.fetchWhole(url, { gzip: true, limitBytes: playlistLimitBytes });
    return answer?.head.status === 200 ? answer.body.toString("utf8") : null;
  }

  /** Null: it is not there. */
  async readFile(url: string, kind: FileKind, ask: Omit<Ask, "gzip"> & { gzip?: boolean }): Promise<Buffer | null> {
    const answer = await this.fetchWhole(url, { gzip: false, ...ask });
    if (answer === null) return null;
    this.#findings.add(checkAnswer(answer.head, kind));
    return isThere(answer.head) ? answer.body : null;
  }

  async readInit({ url, range }: MediaRef): Promise<Buffer | null> {
    return await this.readFile(url, "init", { range, limitBytes: initLimitBytes });
  }

  async readText({ url, range }: MediaRef): Promise<Buffer | null> {
    return await this.readFile(url, "text", { range, limitBytes: textLimitBytes });
  }

  /** Hands over what was read before, once more; less than all of it when it does not come. */
  async passOn({ url, range }: MediaRef, take: (chunk: Buffer) => Promise<void>): Promise<void> {
    await this.#orFinding(url, () =>
      this.#fetcher.read(url, { gzip: false, range, limitBytes: segmentLimitBytes }, take),
    );
  }

  async scanSegment({ url, range }: MediaRef, scan: SegmentScan): Promise<boolean> {
    const take = (chunk: Buffer): void => {
      scan.push(chunk);
    };
    const ask = { gzip: false, range, limitBytes: segmentLimitBytes };
    const head = await this.#orFinding(url, () => this.#fetcher.read(url, ask, take));
    if (head === null) return false;
    this.#findings.add(checkAnswer(head, "segment"));
    return isThere(head);
  }

  /** Ranges are only as good as the server that gives them: the first and the last are asked for. */
  async tryRanges({ segments }: MediaPlaylist): Promise<void> {
    for (const segment of new Set([segments[0], segments.at(-1)])) {
      if (segment?.range == null) continue;
      const { url, range } = segment;
      const limitBytes = Math.min(range.length, rangeLimitBytes);
      const answer = await this.fetchWhole(url, { gzip: false, range, limitBytes });
      if (answer === null) continue;
      const { status } = answer.head;
      // What is no answer at all was found when the whole file was read.
      if (status !== 200 && status !== 206) continue;
      if (status === 206 && answer.body.length === range.length) continue;
      const message = `asked for ${range.length} bytes from ${range.offset}, it answers ${status} with ${answer.body.length}`;
      this.#findings.add([finding("Readable", url, message)]);
    }
  }

  /** Null when there was no answer at all, which is a finding. */
  async fetchWhole(url: string, ask: Ask): Promise<{ head: AnswerHead; body: Buffer } | null> {
    return await this.#orFinding(url, () => this.#fetcher.fetch(url, ask));
  }

  async #orFinding<Value>(url: string, fetch: () => Promise<Value>): Promise<Value | null> {
    try {
      return await fetch();
    } catch (thrown) {
      if (!(thrown instanceof FetchFailure)) throw thrown;
      this.#findings.add([finding("Readable", url, thrown.message)]);
      return null;
    }
  }
}

function isThere({ status }: AnswerHead): boolean {
  return status === 200 || status === 206;
}
