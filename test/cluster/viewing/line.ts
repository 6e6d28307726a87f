// One viewer's connections: plain GET requests with the patience of a player, and the hash of what came.
import { createHash } from "node:crypto";
import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";

/** What a browser opens to one host. */
const socketsPerHost = 6;
/** Playlists and lists of homes are kept whole; more than this is none. */
const keptBytesLimit = 4 * 2 ** 20;

export interface Patience {
  /** Without a first byte for so long, the request has failed. */
  readonly firstByteMs: number;
  /** The same for a body that has stopped moving. */
  readonly idleMs: number;
}

export interface Answer {
  readonly status: number;
  /** Of the whole body. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly tookMs: number;
  /** The body, when it was asked to be kept; else empty. */
  readonly text: string;
}

export interface Wish {
  readonly url: string;
  readonly patience: Patience;
  readonly keepText: boolean;
  readonly signal: AbortSignal;
}

export class Line implements Disposable {
  readonly #agent: Agent;

  /** @param localAddress the address that the viewer comes from; none: the system's choice */
  constructor(localAddress?: string) {
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: socketsPerHost,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
  }

  /** @throws Error when no whole answer came in time: refused, silent, cut off, aborted */
  async get(wish: Wish): Promise<Answer> {
    const startedAt = performance.now();
    const patience = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const expectWithin = (limitMs: number, what: string): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        patience.abort(new Error(`no ${what} for ${limitMs} ms`));
      }, limitMs);
    };
    try {
      expectWithin(wish.patience.firstByteMs, "first byte");
      const signal = AbortSignal.any([wish.signal, patience.signal]);
      const response = await this.#open(wish.url, signal);
      const body = await readBody(response, wish.keepText, () => {
        expectWithin(wish.patience.idleMs, "further byte");
      });
      return { status: response.statusCode ?? 0, ...body, tookMs: performance.now() - startedAt };
    } catch (thrown) {
      // What ran out says more than the abort that it caused.
      throw patience.signal.aborted ? (patience.signal.reason as Error) : thrown;
    } finally {
      clearTimeout(timer);
    }
  }

  async #open(url: string, signal: AbortSignal): Promise<IncomingMessage> {
    return await new Promise((settle, reject) => {
      const asked = request(url, { agent: this.#agent, signal, headers: { "accept-encoding": "identity" } });
      asked.once("response", settle);
      asked.on("error", reject);
      asked.end();
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

async function readBody(
  response: IncomingMessage,
  keepText: boolean,
  onBytes: () => void,
): Promise<{ sha256: string; sizeBytes: number; text: string }> {
  const hash = createHash("sha256");
  const kept: Buffer[] = [];
  let sizeBytes = 0;
  onBytes();
  for await (const bytes of response as AsyncIterable<Buffer>) {
    onBytes();
    hash.update(bytes);
    sizeBytes += bytes.length;
    if (keepText && sizeBytes <= keptBytesLimit) kept.push(bytes);
  }
  return { sha256: hash.digest("hex"), sizeBytes, text: Buffer.concat(kept).toString() };
}
