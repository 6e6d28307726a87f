// Fetches files and adds to the findings what is wrong with how they are delivered: absent, redirected, of another
// type, not compressed.
import { checkAnswer, checkEncodings } from "./delivery-rules.ts";
import type { AnswerHead, FileKind } from "./delivery-rules.ts";
import { FetchFailure } from "./fetch-file.ts";
import type { Ask, Fetcher } from "./fetch-file.ts";
import { finding } from "./findings.ts";
import type { FindingList } from "./findings.ts";

const playlistLimitBytes = 32 * 2 ** 20;

export class CheckedFiles {
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
    return gzipped.body.toString("utf8");
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

  /** Hands a segment over as it comes. @returns whether it is there */
  async readSegment(url: string, ask: Ask, take: (chunk: Buffer) => void): Promise<boolean> {
    const head = await this.#orFinding(url, () => this.#fetcher.read(url, ask, take));
    if (head === null) return false;
    this.#findings.add(checkAnswer(head, "segment"));
    return isThere(head);
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
