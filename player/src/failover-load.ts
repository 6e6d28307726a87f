// One thing that hls.js wants, asked of one node after the other until one gives it or says no.
import type { LoaderCallbacks, LoaderContext, LoaderStats, NullableNetworkDetails } from "hls.js";
import type { Homes } from "./homes.ts";
import type { Home } from "./page-config.ts";

/** Without a first byte for so long, another node is asked. */
export const firstByteMs = 2_500;
/** The same for a body that has stopped moving. */
export const idleMs = 4_000;
/** All nodes were asked in vain: when they are asked again, at first and at most. */
const firstPauseMs = 500;
const longestPauseMs = 3_000;
/** After so long of that, the page is told. */
const silenceMs = 5_000;

/** Told again and again while no node gives what is asked: the last status, 0 for none. */
export type OnSilence = (status: number) => void;

export interface Asked {
  readonly homes: Homes;
  readonly onSilence: OnSilence;
  readonly context: LoaderContext;
  readonly callbacks: LoaderCallbacks<LoaderContext>;
  readonly stats: LoaderStats;
}

export class FailoverLoad {
  readonly callbacks: LoaderCallbacks<LoaderContext>;
  request: NullableNetworkDetails = null;
  readonly #asked: Asked;
  readonly #startedMs = performance.now();
  #left: Home[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  #status = 0;
  #pauseMs = firstPauseMs;

  constructor(asked: Asked) {
    this.#asked = asked;
    this.callbacks = asked.callbacks;
  }

  start(): void {
    this.#status = 0;
    this.#left = this.#asked.homes.inOrder();
    this.#askNext();
  }

  /** False when it had ended already. */
  stop(): boolean {
    if (this.#ended) return false;
    this.#end();
    return true;
  }

  #askNext(): void {
    const home = this.#left.shift();
    if (home !== undefined) {
      this.#ask(home);
      return;
    }
    if (this.#status >= 400 && this.#status < 500) {
      this.#giveUp();
      return;
    }
    if (performance.now() - this.#startedMs > silenceMs) this.#asked.onSilence(this.#status);
    this.#timer = setTimeout(() => {
      this.start();
    }, this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }

  #ask(home: Home): void {
    const { context, stats } = this.#asked;
    const request = openRequest(this.#asked.homes.urlOn(home, context.url), context);
    this.request = request;
    // Of this attempt alone: what a dead node cost says nothing of the line's speed.
    stats.loading.start = performance.now();
    stats.loading.first = 0;
    stats.loaded = 0;
    request.onreadystatechange = () => {
      if (request.readyState !== XMLHttpRequest.HEADERS_RECEIVED) return;
      stats.loading.first = Math.max(performance.now(), stats.loading.start);
      this.#failAfter(home, idleMs);
    };
    request.onprogress = (event) => {
      stats.loaded = event.loaded;
      if (event.lengthComputable) stats.total = event.total;
      this.#failAfter(home, idleMs);
    };
    request.onerror = () => {
      this.#fail(home, true);
    };
    request.onload = () => {
      this.#status = request.status;
      // One object that is missing or refused says nothing of the node; a failure of its own does.
      if (request.status < 200 || request.status >= 300) this.#fail(home, request.status >= 500);
      else this.#succeed(home, request);
    };
    this.#failAfter(home, firstByteMs);
    request.send();
  }

  #failAfter(home: Home, limitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#fail(home, true);
    }, limitMs);
  }

  #fail(home: Home, isNodeIll: boolean): void {
    if (this.#ended) return;
    this.#drop();
    if (isNodeIll) this.#asked.homes.failed(home);
    this.#askNext();
  }

  #succeed(home: Home, request: XMLHttpRequest): void {
    if (this.#ended) return;
    const { homes, context, callbacks, stats } = this.#asked;
    clearTimeout(this.#timer);
    this.#ended = true;
    homes.succeeded(home);
    const body: unknown = request.responseType === "arraybuffer" ? request.response : request.responseText;
    const text = typeof body === "string" ? body : "";
    const content = body instanceof ArrayBuffer ? body : text;
    stats.loading.end = Math.max(performance.now(), stats.loading.first);
    stats.loaded = stats.total = content instanceof ArrayBuffer ? content.byteLength : content.length;
    stats.bwEstimate = (stats.total * 8000) / Math.max(1, stats.loading.end - stats.loading.first);
    callbacks.onProgress?.(stats, context, content, request);
    // The URL that was asked for, not the node's: relative URLs in playlists stay free of any node.
    callbacks.onSuccess({ url: context.url, data: content, code: request.status }, stats, context, request);
  }

  #giveUp(): void {
    const { context, callbacks, stats } = this.#asked;
    const request = this.request;
    this.#end();
    callbacks.onError({ code: this.#status, text: "no node gave it" }, context, request, stats);
  }

  #end(): void {
    this.#ended = true;
    this.#drop();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    const { request } = this;
    if (!(request instanceof XMLHttpRequest)) return;
    request.onload = request.onerror = request.onprogress = request.onreadystatechange = null;
    request.abort();
  }
}

function openRequest(url: string, context: LoaderContext): XMLHttpRequest {
  const request = new XMLHttpRequest();
  request.open("GET", url, true);
  request.responseType = context.responseType as XMLHttpRequestResponseType;
  for (const [name, value] of Object.entries(context.headers ?? {})) request.setRequestHeader(name, value);
  if (context.rangeEnd !== undefined && context.rangeEnd > 0) {
    request.setRequestHeader("Range", `bytes=${String(context.rangeStart ?? 0)}-${String(context.rangeEnd - 1)}`);
  }
  return request;
}
