// An object's bytes for another agent: the whole or one range, read from the disk as fast as the other side takes them,
// and only when the file is right, as far as it is small enough to be read before.
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { asVsError } from "@vstream/core/errors.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { Store } from "../store/store.ts";
import { readBeforeLimitBytes } from "./read-before-giving.ts";
import type { ReadBeforeGiving } from "./read-before-giving.ts";
import { rangeOf } from "./request-range.ts";

/** Read from the disk at a time; a reader that is slow holds one of these in memory. */
const partBytes = 1024 * 1024;

export interface ObjectAnswerDeps {
  readonly store: Pick<Store, "sizeOf" | "read">;
  readonly onDamage: (sha256: Sha256) => void;
  readonly readBefore: ReadBeforeGiving;
}

export interface PeerCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export async function answerObject(deps: ObjectAnswerDeps, sha256: Sha256, call: PeerCall): Promise<void> {
  const { request, response } = call;
  const sizeBytes = deps.store.sizeOf(sha256);
  if (sizeBytes === null) {
    endEmpty(response, 404);
    return;
  }
  const range = rangeOf(request.headers.range, sizeBytes);
  if (range === "unsatisfiable") {
    endEmpty(response, 416, { "content-range": `bytes */${String(sizeBytes)}` });
    return;
  }
  if (request.method === "GET" && !(await mayBegin(deps, { sha256, sizeBytes }, response))) return;
  const { start, end: stop } = range ?? { start: 0, end: sizeBytes };
  response.writeHead(range === null ? 200 : 206, {
    "content-type": "application/octet-stream",
    "content-length": String(stop - start),
    "accept-ranges": "bytes",
    ...(range === null ? {} : { "content-range": `bytes ${String(start)}-${String(stop - 1)}/${String(sizeBytes)}` }),
  });
  if (request.method === "GET") await sendParts(deps, { sha256, start, stop }, response);
  response.end();
}

/** False: it has been refused, or nobody waits for it any more. */
async function mayBegin(
  { readBefore }: ObjectAnswerDeps,
  { sha256, sizeBytes }: { sha256: Sha256; sizeBytes: number },
  response: ServerResponse,
): Promise<boolean> {
  if (sizeBytes > readBeforeLimitBytes) return true;
  const state = await readBefore.look(sha256);
  if (state === "gone") endEmpty(response, 404);
  // Not as if this node had never had it: it is to have it, and will again.
  else if (state === "wrong") endEmpty(response, 500);
  return state === "right" && !response.destroyed;
}

export function endEmpty(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...headers, "content-length": "0" });
  response.end();
}

async function sendParts(
  deps: ObjectAnswerDeps,
  span: { sha256: Sha256; start: number; stop: number },
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => {
    gone.abort();
  });
  for (let at = span.start; at < span.stop; at += partBytes) {
    const part = await readPart(deps, span.sha256, { start: at, end: Math.min(span.stop, at + partBytes) });
    gone.signal.throwIfAborted();
    if (!response.write(part)) await once(response, "drain", { signal: gone.signal });
  }
}

// A file that is shorter than it was, or gone, is damage that this node can see by itself.
async function readPart(
  { store, onDamage }: ObjectAnswerDeps,
  sha256: Sha256,
  range: { start: number; end: number },
): Promise<Buffer> {
  try {
    return await store.read(sha256, range);
  } catch (thrown) {
    const { code } = asVsError(thrown);
    if (store.sizeOf(sha256) !== null && (code === "object_corrupt" || code === "object_missing")) onDamage(sha256);
    throw thrown;
  }
}
