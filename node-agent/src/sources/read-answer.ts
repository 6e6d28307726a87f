// What an answer to the request for a source, or for the rest of one, means: the bytes that follow go behind those that
// are here, or are the first; or there are none, and why. Pure.
import type { IncomingHttpHeaders } from "node:http";
import { VsError } from "@vstream/core/errors.ts";
import type { SourceOrigin } from "../store/store.ts";

export interface Answer {
  /** For people. */
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What the body of a refusal calls its reason; empty: nothing. */
  readonly reason: string;
}

/** What of the source is here. */
export interface Have {
  readonly origin: SourceOrigin | null;
  readonly bytes: number;
}

export type Meaning =
  /** totalBytes: of the source; null: nobody says. endBytes: how far the bytes that follow reach, at most to its end. */
  | { readonly kind: "rest"; readonly totalBytes: number | null; readonly endBytes: number }
  /** changed: the source is another one than what is here is the beginning of. */
  | { readonly kind: "whole"; readonly origin: SourceOrigin; readonly changed: boolean }
  | { readonly kind: "end" }
  /** What is here cannot be gone on with. */
  | { readonly kind: "anew"; readonly reason: string; readonly changed: boolean }
  /** waitMs: for how long the server wants to be left alone; null: it does not say. */
  | { readonly kind: "later"; readonly reason: string; readonly waitMs: number | null };

/** The headers that ask for the rest of what is here; none where a change could not be noticed. */
export function restHeaders({ origin, bytes }: Have): Readonly<Record<string, string>> {
  const mark = origin === null ? null : markOf(origin);
  return mark === null || bytes === 0 ? {} : { range: `bytes=${String(bytes)}-`, "if-range": mark };
}

/**
 * @param url as it is kept: that of the source's origin from now on
 * @param now milliseconds since the epoch
 * @throws VsError source_not_found, source_forbidden, source_unreadable: nothing will come from there
 */
export function readAnswer(answer: Answer, url: string, { have, now }: { have: Have; now: number }): Meaning {
  const { status, headers } = answer;
  switch (status) {
    case 200:
      return whole(answer, url, have);
    case 206:
      return rest(headers, have);
    case 416:
      // What is here is all of it, and nobody had said so.
      if (headers["content-range"] === `bytes */${String(have.bytes)}`) return { kind: "end" };
      return { kind: "anew", reason: "the source ends before what is here does", changed: true };
    default:
      if (status < 500 && ![408, 425, 429].includes(status)) throw refusal(answer);
      return { kind: "later", reason: `the server answers ${String(status)}`, waitMs: waitOf(headers, now) };
  }
}

function whole({ url: shown, headers }: Answer, url: string, have: Have): Meaning {
  const packed = headers["content-encoding"] ?? "identity";
  if (packed !== "identity") throw new VsError("source_unreadable", `${shown} comes packed as ${packed} only`);
  const length = headers["content-length"];
  const totalBytes = length === undefined ? null : Number(length);
  const origin = { url, etag: headers.etag ?? null, lastModified: headers["last-modified"] ?? null, totalBytes };
  // A server that has no ranges gives all of the same once more.
  const changed = have.origin !== null && have.bytes > 0 && !isSame(have.origin, origin);
  return { kind: "whole", origin, changed };
}

function rest(headers: IncomingHttpHeaders, { origin, bytes }: Have): Meaning {
  const [, start, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
  const endBytes = Number(last) + 1;
  if (origin === null || total === undefined || Number(start) !== bytes || endBytes <= bytes) {
    return { kind: "anew", reason: "the server gives another range than was asked for", changed: false };
  }
  const now: SourceOrigin = {
    url: origin.url,
    etag: headers.etag ?? origin.etag,
    lastModified: headers["last-modified"] ?? origin.lastModified,
    totalBytes: total === "*" ? origin.totalBytes : Number(total),
  };
  if (isSame(origin, now)) return { kind: "rest", totalBytes: now.totalBytes, endBytes };
  return { kind: "anew", reason: "the source is another one than before", changed: true };
}

function isSame(one: SourceOrigin, other: SourceOrigin): boolean {
  const marks = markOf(one) === markOf(other);
  return marks && (one.totalBytes === null || other.totalBytes === null || one.totalBytes === other.totalBytes);
}

// A weak tag stays when bytes change that do not matter to a reader; here all do.
function markOf({ etag, lastModified }: SourceOrigin): string | null {
  return etag !== null && !etag.startsWith("W/") ? etag : lastModified;
}

function refusal({ url, status, reason }: Answer): VsError {
  const answered = `the server answers ${String(status)}${reason === "" ? "" : ` (${reason})`}`;
  switch (status) {
    case 404:
    case 410:
      return new VsError("source_not_found", `${url} is not there: ${answered}`, {
        hint: "Check the URL, and ingest again",
      });
    case 401:
    case 403:
    case 407:
    case 451:
      return new VsError("source_forbidden", `${url} is not given to this node: ${answered}`, {
        hint: "Use a URL that is signed for a while, or, for s3://, a key that may read the bucket",
      });
    default:
      return new VsError("source_unreadable", `${url} cannot be fetched: ${answered}`, { hint: "Check the URL" });
  }
}

/** Of what a server asks for: no more than that, so that one cannot hold a node up for days. */
const longestWaitMs = 5 * 60_000;

function waitOf(headers: IncomingHttpHeaders, now: number): number | null {
  const text = headers["retry-after"];
  if (text === undefined) return null;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? null : Math.min(longestWaitMs, Math.max(0, ms));
}
