// An answer as a value, and the one place that writes it. Also the kinds of answer that several routes give: bytes
// under a hash, text in two encodings, JSON, an error.
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { asVsError } from "@vstream/core/errors.ts";
import type { ErrorCode, Failure } from "@vstream/core/errors.ts";
import { acceptsGzip, isUnchanged, selectBytes } from "./conditional.ts";
import { sendComing } from "./send-coming.ts";
import type { ComingBytes } from "./send-coming.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | ComingBytes | null;
}

/** Bytes that are read while they are sent. */
export interface ReadableBytes {
  readonly sizeBytes: number;
  /** Whether what `read` gives is right for certain; else its end may be missing. */
  readonly isVerified: boolean;
  /** Bytes [start, end). */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
}

/** Bytes that never change, by the hash of their content. */
export interface HashedBytes {
  readonly bytes: Buffer | ReadableBytes;
  readonly sha256: string;
  readonly type: string;
  /** For ever, unless they are asked for under a name that may come to mean others. */
  readonly cacheControl?: string;
}

/** A text in both encodings, each with an ETag of its own (Apple 10.1; RFC 9110 8.8.3). */
export interface EncodedText {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  readonly plainTag: string;
  readonly gzippedTag: string;
}

export const immutable = "public, max-age=31536000, immutable";

const statusOfCode: Partial<Record<ErrorCode, number>> = {
  usage: 400,
  invalid_argument: 400,
  unauthenticated: 401,
  token_invalid: 401,
  token_expired: 401,
  forbidden: 403,
  wrong_cluster: 403,
  conflict: 409,
  asset_deleted: 410,
  asset_failed: 404,
  source_too_large: 413,
  source_changed: 422,
  not_there_yet: 501,
  unavailable: 503,
  object_missing: 503,
  object_corrupt: 503,
  peer_failed: 503,
  timed_out: 504,
  storage_full: 507,
};

/** Writes an answer; a HEAD gets its headers. */
export function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const { body } = reply;
  if (body === null || Buffer.isBuffer(body)) {
    sendWhole(request, response, { ...reply, body });
    return;
  }
  const head = (): void => {
    writeHead(response, body.isVerified() ? reply : withoutValidators(reply), body.sizeBytes);
  };
  const coming = sendComing(request, response, { bytes: body, head });
  // Before anything was sent there is still an answer to give; after that, only an end.
  coming.catch((thrown: unknown) => {
    const failure = asVsError(thrown);
    const refusal = errorReply(statusOf(failure.code), failure.toFailure());
    if (!response.destroyed && !response.headersSent) send(request, response, refusal);
    else response.destroy();
  });
}

function sendWhole(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply & { readonly body: Buffer | null },
): void {
  const bodiless = reply.status === 204 || reply.status === 304;
  writeHead(response, reply, bodiless ? null : (reply.body?.length ?? 0));
  if (bodiless || request.method === "HEAD" || reply.body === null) response.end();
  else response.end(reply.body);
}

// Bytes that may yet turn out wrong: a client whose answer is cut then must not put the rest of another one to them.
function withoutValidators(reply: Reply): Reply {
  const { etag: _etag, "accept-ranges": _ranges, ...headers } = reply.headers;
  return { ...reply, headers };
}

function writeHead(response: ServerResponse, reply: Reply, length: number | null): void {
  const ofLength = length === null ? {} : { "content-length": String(length) };
  for (const [name, value] of Object.entries({ ...reply.headers, ...ofLength })) response.setHeader(name, value);
  response.statusCode = reply.status;
}

/** Whole, a range, 304 or 416, as the request asks. */
export function hashedReply(request: IncomingMessage, object: HashedBytes): Reply {
  const etag = `"${object.sha256}"`;
  const headers = { etag, "cache-control": object.cacheControl ?? immutable, "accept-ranges": "bytes" };
  if (isUnchanged(request.headers, etag)) return { status: 304, headers, body: null };
  const length = Buffer.isBuffer(object.bytes) ? object.bytes.length : object.bytes.sizeBytes;
  // Range means something with GET only (RFC 9110 14.2); and what may turn out wrong continues nothing.
  const isContinued = request.headers["if-range"] !== undefined && !isVerified(object);
  const selection =
    request.method === "GET" && !isContinued
      ? selectBytes(request.headers, etag, length)
      : ({ kind: "whole" } as const);
  const typed = { ...headers, "content-type": object.type };
  switch (selection.kind) {
    case "whole":
      return { status: 200, headers: typed, body: bytesOf(object, 0, length) };
    case "unsatisfiable":
      return {
        ...errorReply(416, {
          code: "invalid_argument",
          message: `the object has ${String(length)} bytes`,
          hint: "Ask for a range within them",
        }),
        headers: { "content-range": `bytes */${String(length)}`, "content-type": "application/json" },
      };
    case "part": {
      const range = `bytes ${String(selection.start)}-${String(selection.end - 1)}/${String(length)}`;
      const body = bytesOf(object, selection.start, selection.end);
      return { status: 206, headers: { ...typed, "content-range": range }, body };
    }
  }
}

function bytesOf({ bytes }: HashedBytes, start: number, end: number): Buffer | ComingBytes {
  if (Buffer.isBuffer(bytes)) return bytes.subarray(start, end);
  return { sizeBytes: end - start, read: () => bytes.read(start, end), isVerified: () => bytes.isVerified };
}

function isVerified({ bytes }: HashedBytes): boolean {
  return Buffer.isBuffer(bytes) || bytes.isVerified;
}

export function encodeText(text: string | Buffer, type: string): EncodedText {
  const plain = Buffer.from(text);
  const mark = createHash("sha256").update(plain).digest("base64url").slice(0, 22);
  return { type, plain, gzipped: compressed(plain), plainTag: `"${mark}"`, gzippedTag: `"${mark}-gz"` };
}

// What zlib gives is a view of 16 KiB or more, all of which would stay in memory with it.
function compressed(plain: Buffer): Buffer {
  const view = gzipSync(plain);
  const own = Buffer.allocUnsafeSlow(view.length);
  view.copy(own);
  return own;
}

export function textReply(requestHeaders: IncomingHttpHeaders, text: EncodedText, cacheControl: string): Reply {
  const gzip = acceptsGzip(requestHeaders);
  const etag = gzip ? text.gzippedTag : text.plainTag;
  const headers = { etag, "cache-control": cacheControl, vary: "Accept-Encoding" };
  if (isUnchanged(requestHeaders, etag)) return { status: 304, headers, body: null };
  const encoding: Record<string, string> = gzip ? { "content-encoding": "gzip" } : {};
  return {
    status: 200,
    headers: { ...headers, ...encoding, "content-type": text.type },
    body: gzip ? text.gzipped : text.plain,
  };
}

export function jsonReply(status: number, content: unknown): Reply {
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-cache" },
    body: Buffer.from(`${JSON.stringify(content)}\n`),
  };
}

export function errorReply(status: number, failure: Failure): Reply {
  const { code, message, hint } = failure;
  const reply = jsonReply(status, { error: { code, message, hint } });
  const headers: Record<string, string> = { ...reply.headers, "cache-control": "no-store" };
  if (status === 401) headers["www-authenticate"] = "Bearer";
  if (status === 503) headers["retry-after"] = "1";
  return { ...reply, headers };
}

/** The same for a person's browser. */
export function plainErrorReply(status: number, failure: Failure): Reply {
  const reply = errorReply(status, failure);
  return {
    ...reply,
    headers: { ...reply.headers, "content-type": "text/plain; charset=utf-8" },
    body: Buffer.from([failure.message, failure.hint, ""].filter((line, at) => line !== "" || at === 2).join("\n")),
  };
}

export function statusOf(code: ErrorCode): number {
  return statusOfCode[code] ?? (code.endsWith("not_found") ? 404 : 500);
}
