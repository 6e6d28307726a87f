// Fetches files of a cluster as a player does, but follows no redirect, asks known hosts only, and reads no more than
// it is told to. What goes wrong on the way is an answer too: it is what a check looks for.
import { Agent as HttpAgent, get as getHttp } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import { Agent as HttpsAgent, get as getHttps } from "node:https";
import { TLSSocket } from "node:tls";
import { createGunzip } from "node:zlib";
import type { ByteRange } from "@vstream/authoring/parse-media.ts";
import type { AnswerHead } from "./delivery-rules.ts";

export interface FetcherOptions {
  /** What URLs may begin with; anything else is not asked. */
  readonly origins: ReadonlySet<string>;
  /** Ends every request with its reason. */
  readonly signal: AbortSignal;
  /** Certificates to trust, PEM; else those of the system. */
  readonly authorities?: string;
}

export interface Ask {
  /** Whether it may come compressed. */
  readonly gzip: boolean;
  readonly range?: ByteRange | null;
  /** More than these, decompressed, are not read. */
  readonly limitBytes: number;
}

/** Why there is no whole answer; a sentence. */
export class FetchFailure extends Error {}

export const requestsAtOnce = 4;
const resetTries = 4;
const silenceLimitMs = 15_000;
const requestLimitMs = 120_000;

/** A promise is waited for before more is read. */
type Take = (chunk: Buffer) => void | Promise<void>;

export class Fetcher implements Disposable {
  /** Of all bodies, as they came. */
  bytes = 0;
  readonly #options: FetcherOptions;
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: requestsAtOnce });
  readonly #https: HttpsAgent;

  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#https = new HttpsAgent({
      keepAlive: true,
      maxSockets: requestsAtOnce,
      // So that an old version is seen and named, not just a connection that fails.
      minVersion: "TLSv1",
      ciphers: "DEFAULT@SECLEVEL=0",
      ...(options.authorities === undefined ? {} : { ca: options.authorities }),
    });
  }

  [Symbol.dispose](): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  /**
   * The whole body of an answer with 200 or 206; of any other the head alone.
   * @throws FetchFailure
   */
  async fetch(url: string, ask: Ask): Promise<{ head: AnswerHead; body: Buffer }> {
    const chunks: Buffer[] = [];
    const head = await this.read(url, ask, (chunk) => void chunks.push(chunk));
    return { head, body: Buffer.concat(chunks) };
  }

  /** Like fetch, with the body handed over as it comes, no faster than it is taken. */
  async read(url: string, ask: Ask, take: Take): Promise<AnswerHead> {
    const target = URL.parse(url);
    if (target === null || !this.#options.origins.has(target.origin)) {
      throw new FetchFailure("it is on a host that is not of this cluster, and was not asked");
    }
    const signal = AbortSignal.any([this.#options.signal, AbortSignal.timeout(requestLimitMs)]);
    try {
      const response = await this.#ask(target, ask, signal);
      const head = headOf(url, response);
      if (head.status !== 200 && head.status !== 206) response.destroy();
      else await this.#readBody(response, ask, take);
      return head;
    } catch (thrown) {
      this.#options.signal.throwIfAborted();
      if (thrown instanceof FetchFailure) throw thrown;
      if (signal.aborted) throw new FetchFailure(`it is not there after ${requestLimitMs / 1000} s`);
      const reason = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
      throw new FetchFailure(`it cannot be fetched: ${reason}`, { cause: thrown });
    }
  }

  // A connection that was kept may have been closed just when it was used again, which says nothing of the file.
  async #ask(target: URL, ask: Ask, signal: AbortSignal): Promise<IncomingMessage> {
    for (let tried = 0; tried < resetTries; tried += 1) {
      const response = await this.#request(target, ask, signal);
      if (response !== null) return response;
    }
    throw new FetchFailure(`its host closed ${resetTries} connections without an answer`);
  }

  /** Null when the connection was closed before there was an answer. */
  #request(target: URL, { gzip, range }: Ask, signal: AbortSignal): Promise<IncomingMessage | null> {
    const headers: Record<string, string> = { "accept-encoding": gzip ? "gzip" : "identity" };
    if (range !== undefined && range !== null) {
      headers["range"] = `bytes=${range.offset}-${range.offset + range.length - 1}`;
    }
    const options: RequestOptions = { headers, signal, timeout: silenceLimitMs };
    return new Promise((resolve, reject) => {
      let answered: IncomingMessage | null = null;
      const onAnswer = (response: IncomingMessage): void => {
        answered = response;
        resolve(response);
      };
      const request =
        target.protocol === "https:"
          ? getHttps(target, { ...options, agent: this.#https }, onAnswer)
          : getHttp(target, { ...options, agent: this.#http }, onAnswer);
      request.once("error", (error) => {
        const isReset = "code" in error && error.code === "ECONNRESET";
        if (isReset && answered === null) resolve(null);
        else reject(error);
      });
      request.on("timeout", () => {
        // What came and was not taken yet keeps the rest from coming.
        if (answered !== null && answered.readableLength > 0) return;
        (answered ?? request).destroy(new FetchFailure(`nothing came for ${silenceLimitMs / 1000} s`));
      });
    });
  }

  async #readBody(response: IncomingMessage, ask: Ask, take: Take): Promise<void> {
    let size = 0;
    const isGzip = response.headers["content-encoding"] === "gzip";
    const body: AsyncIterable<Buffer> = isGzip ? this.#gunzipped(response) : response;
    try {
      for await (const chunk of body) {
        size += chunk.length;
        if (!isGzip) this.bytes += chunk.length;
        if (size > ask.limitBytes) throw new FetchFailure(`it is larger than ${ask.limitBytes} bytes`);
        await take(chunk);
      }
    } finally {
      if (!response.complete) response.destroy();
    }
  }

  #gunzipped(response: IncomingMessage): AsyncIterable<Buffer> {
    const gunzip = createGunzip();
    response.on("data", (chunk: Buffer) => (this.bytes += chunk.length));
    response.once("error", (error) => gunzip.destroy(error));
    return response.pipe(gunzip);
  }
}

function headOf(url: string, response: IncomingMessage): AnswerHead {
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
  const { socket } = response;
  const tlsVersion = socket instanceof TLSSocket ? socket.getProtocol() : null;
  return { url, status: response.statusCode ?? 0, headers, tlsVersion };
}
