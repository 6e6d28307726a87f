// What one request of another agent gets: who asks is looked up in the directory each time, so that a removed node
// is refused on a connection that it still has.
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";
import { asVsError } from "@vstream/core/errors.ts";
import { isId, isSha256 } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import { nodeIdOfNames } from "../identity/check-certificate.ts";
import type { Store } from "../store/store.ts";
import type { Peers } from "./peers.ts";
import { rangeOf } from "./request-range.ts";

/** Read from the disk at a time; a reader that is slow holds one of these in memory. */
const partBytes = 1024 * 1024;

export interface AnswerDeps {
  readonly store: Pick<Store, "sizeOf" | "read" | "getManifest">;
  readonly peers: Pick<Peers, "directory">;
  readonly log: Logger;
}

/** Never throws: a failure ends the connection, so that a cut answer is not taken for a whole one. */
export async function answerPeer(deps: AnswerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    if (isKnown(deps.peers, request)) await answer(deps, request, response);
    else end(response, 403);
  } catch (thrown) {
    // The other side gave up: nothing is wrong here.
    if (!response.destroyed) deps.log.warn({ err: asVsError(thrown), path: request.url }, "answer to a peer failed");
    if (response.headersSent) response.destroy();
    else end(response, 500);
  }
}

async function answer(deps: AnswerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    end(response, 405, { allow: "GET, HEAD" });
    return;
  }
  const [, room, name = "", ...rest] = (request.url ?? "").split("/");
  if (rest.length === 0 && room === "objects" && isSha256(name)) await answerObject(deps, name, { request, response });
  else if (rest.length === 0 && room === "manifests") answerManifest(deps, name, { request, response });
  else end(response, 404);
}

async function answerObject(
  deps: AnswerDeps,
  sha256: Sha256,
  call: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const { request, response } = call;
  const sizeBytes = deps.store.sizeOf(sha256);
  if (sizeBytes === null) {
    end(response, 404);
    return;
  }
  const range = rangeOf(request.headers.range, sizeBytes);
  if (range === "unsatisfiable") {
    end(response, 416, { "content-range": `bytes */${String(sizeBytes)}` });
    return;
  }
  const { start, end: stop } = range ?? { start: 0, end: sizeBytes };
  response.writeHead(range === null ? 200 : 206, {
    "content-type": "application/octet-stream",
    "content-length": String(stop - start),
    "accept-ranges": "bytes",
    ...(range === null ? {} : { "content-range": `bytes ${String(start)}-${String(stop - 1)}/${String(sizeBytes)}` }),
  });
  if (request.method === "GET") await sendParts(deps.store, { sha256, start, stop }, response);
  response.end();
}

function answerManifest(
  deps: AnswerDeps,
  name: string,
  call: { request: IncomingMessage; response: ServerResponse },
): void {
  const manifest = isId("asset", name) ? deps.store.getManifest(name) : null;
  if (manifest === null) {
    end(call.response, 404);
    return;
  }
  const body = JSON.stringify(manifest);
  call.response.writeHead(200, {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
  });
  call.response.end(call.request.method === "GET" ? body : undefined);
}

async function sendParts(
  store: Pick<Store, "read">,
  span: { sha256: Sha256; start: number; stop: number },
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => {
    gone.abort();
  });
  for (let at = span.start; at < span.stop; at += partBytes) {
    const part = await store.read(span.sha256, { start: at, end: Math.min(span.stop, at + partBytes) });
    gone.signal.throwIfAborted();
    if (!response.write(part)) await once(response, "drain", { signal: gone.signal });
  }
}

// TLS has checked that the certificate is of this cluster.
function isKnown(peers: Pick<Peers, "directory">, request: IncomingMessage): boolean {
  const { socket } = request;
  const names = socket instanceof TLSSocket ? socket.getPeerCertificate().subjectaltname : undefined;
  const nodeId = nodeIdOfNames(names ?? "");
  return nodeId !== null && peers.directory.some((node) => node.nodeId === nodeId);
}

function end(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...headers, "content-length": "0" });
  response.end();
}
