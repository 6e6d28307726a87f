// For tests: a server of sources on loopback that does as it is told, and an agent's fetch of one from it, in a time that
// runs faster than ours.
import { createHash } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { systemClock } from "@vstream/core/clock.ts";
import type { Clock } from "@vstream/core/clock.ts";
import { newId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import type { Store } from "../store/store.ts";
import { neverAborted } from "../store/trial-store.fixture.ts";
import { runFetch } from "../tasks/run-fetch.ts";
import type { Scratch } from "../store/store.ts";
import { AddressRules } from "./address-rules.ts";
import { SourceAccess } from "./source-access.ts";
import type { AccessDeps } from "./source-access.ts";

/** Bytes that differ everywhere. */
export function sourceBytes(length: number, salt = ""): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < length; at += 32) parts.push(createHash("sha256").update(`${salt} ${at}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

export interface Heard {
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

export interface TrialServer extends AsyncDisposable {
  readonly port: number;
  readonly heard: readonly Heard[];
  /** Values of Range, one for each request; empty: none. */
  readonly ranges: readonly string[];
  /** A URL on it, under a name that leads there. */
  url(path: string): string;
}

/** @param answer may leave a request without an answer */
export async function openTrialServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  secure?: { readonly key: string; readonly cert: string },
): Promise<TrialServer> {
  const heard: Heard[] = [];
  const listener: RequestListener = (request, response) => {
    heard.push({ url: request.url ?? "", headers: request.headers });
    answer(request, response);
  };
  const server = secure === undefined ? http.createServer(listener) : https.createServer(secure, listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    heard,
    get ranges() {
      return heard.map(({ headers }) => headers.range ?? "");
    },
    url: (path) => `${secure === undefined ? "http" : "https"}://films.example:${port}${path}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export interface Offer {
  readonly bytes: Buffer;
  readonly etag?: string;
  readonly lastModified?: string;
  /** Nothing is told of the length. */
  readonly isEndless?: boolean;
  readonly hasRanges?: boolean;
  /** The connection breaks after so many bytes of the body. */
  readonly breakAfter?: number;
}

/** As a usual server of files answers a GET. */
export function give(request: IncomingMessage, response: ServerResponse, offer: Offer): void {
  const { bytes, etag, lastModified, hasRanges = true } = offer;
  const marks = {
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { "last-modified": lastModified }),
  };
  const start = hasRanges ? startOf(request, offer) : 0;
  const part = bytes.subarray(start);
  const length = offer.isEndless === true ? {} : { "content-length": part.length };
  if (start === 0) response.writeHead(200, { ...marks, ...length });
  else {
    const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(206, { ...marks, ...length, "content-range": range });
  }
  if (offer.breakAfter === undefined) {
    response.end(part);
    return;
  }
  response.write(part.subarray(0, offer.breakAfter), () => {
    // What was written is on its way; the other side is to get it before the end.
    setTimeout(() => response.destroy(), 50);
  });
}

function startOf({ headers }: IncomingMessage, { etag, lastModified }: Offer): number {
  const condition = headers["if-range"];
  if (condition !== undefined && condition !== (etag ?? lastModified)) return 0;
  return Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
}

/** @param times how much faster it runs, waits and limits alike */
export function fastClock(times = 20): Clock & { readonly waits: number[] } {
  const waits: number[] = [];
  return {
    ...systemClock,
    waits,
    monotonicMs: () => performance.now() * times,
    async sleep(ms, signal) {
      waits.push(ms);
      await systemClock.sleep(ms / times, signal);
    },
  };
}

export interface TrialFetch {
  readonly store: Store;
  readonly url: string;
  readonly assetId?: AssetId;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly maxSourceBytes?: number;
  readonly limitBytes?: number;
  readonly access?: Partial<AccessDeps>;
  readonly onProgress?: (share: number) => void;
}

/** What a task makes of it, on a node that may fetch from loopback and for which every name leads there. */
export async function runTrialFetch(
  trial: TrialFetch,
): Promise<{ pieces: readonly Piece[]; lines: readonly string[] }> {
  const {
    store,
    url,
    clock = fastClock(),
    signal = neverAborted,
    maxSourceBytes = 1024 ** 3,
    limitBytes = null,
  } = trial;
  const lines: string[] = [];
  const assetId = trial.assetId ?? newId("asset", Date.now());
  const access = new SourceAccess({
    rules: new AddressRules(["127.0.0.0/8"]),
    resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]),
    places: [],
    authorities: null,
    userAgent: "trial",
    clock,
    ...trial.access,
  });
  const keep = async (piece: Piece): Promise<void> => {
    await store.recordPiece(assetId, piece);
  };
  const context = {
    ...{ assetId, signal, keep, keepAndReport: keep, scratch: null as unknown as Scratch },
    log: (line: string) => void lines.push(line),
    progress: (share: number) => trial.onProgress?.(share),
  };
  const sources = { access, clock, maxSourceBytes };
  const nodeId = newId("node", Date.now());
  const { pieces } = await runFetch({ nodeId, store, sources }, { kind: "fetch", url, limitBytes }, context);
  return { pieces, lines };
}

/** The bytes of the source piece that a fetch made. */
export async function bytesMade(store: Store, pieces: readonly Piece[]): Promise<Buffer> {
  const content = pieces[0]?.content;
  if (content?.kind !== "source") throw new Error("no source was made");
  return await store.readChecked(content.source.sha256);
}
