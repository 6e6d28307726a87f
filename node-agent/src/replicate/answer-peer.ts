// What one request of another agent gets: who asks is looked up in the directory each time, so that a removed node
// is refused on a connection that it still has.
import type { IncomingMessage, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";
import { asVsError } from "@vstream/core/errors.ts";
import { isId, isSha256 } from "@vstream/core/ids.ts";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import { nodeIdOfNames } from "../identity/check-certificate.ts";
import type { Store } from "../store/store.ts";
import { answerObject, endEmpty } from "./answer-object.ts";
import type { PeerCall } from "./answer-object.ts";
import { nodeIn } from "./directory-index.ts";
import type { DamageNotices } from "./damage-notices.ts";
import type { PeerStatus, Peers } from "./peers.ts";
import type { ReadBeforeGiving } from "./read-before-giving.ts";

export interface AnswerDeps {
  readonly store: Pick<Store, "sizeOf" | "read" | "getManifest">;
  readonly readBefore: ReadBeforeGiving;
  readonly peers: Pick<Peers, "directory">;
  readonly status: () => PeerStatus;
  readonly onDamage: (sha256: Sha256) => void;
  readonly notices: DamageNotices;
  readonly log: Logger;
}

/** Never throws: a failure ends the connection, so that a cut answer is not taken for a whole one. */
export async function answerPeer(deps: AnswerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const caller = knownCaller(deps.peers, request);
    if (caller === null) endEmpty(response, 403);
    else await answer(deps, caller, { request, response });
  } catch (thrown) {
    // The other side gave up: nothing is wrong here.
    if (!response.destroyed) deps.log.warn({ err: asVsError(thrown), path: request.url }, "answer to a peer failed");
    if (response.headersSent) response.destroy();
    else endEmpty(response, 500);
  }
}

async function answer(deps: AnswerDeps, caller: NodeId, call: PeerCall): Promise<void> {
  const [, room = "", name = "", ...rest] = (call.request.url ?? "").split("/");
  const sha256 = isSha256(name) ? name : null;
  const allowed = room === "damage" ? ["POST"] : ["GET", "HEAD"];
  if (!allowed.includes(call.request.method ?? "")) {
    endEmpty(call.response, 405, { allow: allowed.join(", ") });
  } else if (rest.length > 0) endEmpty(call.response, 404);
  else if (room === "objects" && sha256 !== null) await answerObject(deps, sha256, call);
  else if (room === "damage" && sha256 !== null) takeNotice(deps, { caller, sha256 }, call);
  else if (room === "manifests" && isId("asset", name)) answerJson(deps.store.getManifest(name), call);
  else if (room === "status" && name === "") answerJson(deps.status(), call);
  else endEmpty(call.response, 404);
}

function answerJson(content: object | null, { request, response }: PeerCall): void {
  if (content === null) {
    endEmpty(response, 404);
    return;
  }
  const body = JSON.stringify(content);
  response.writeHead(200, { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) });
  response.end(request.method === "GET" ? body : undefined);
}

// What a peer says is not believed: this node only looks at its own file.
function takeNotice(
  deps: AnswerDeps,
  { caller, sha256 }: { caller: NodeId; sha256: Sha256 },
  { request, response }: PeerCall,
): void {
  if (request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0) {
    // Nobody will read the body: the connection goes with it.
    endEmpty(response, 413, { connection: "close" });
    return;
  }
  const bytes = deps.store.sizeOf(sha256);
  if (bytes === null) {
    endEmpty(response, 404);
    return;
  }
  const taken = deps.notices.take(caller, { sha256, bytes });
  if (taken === "to_read") {
    deps.log.warn({ nodeId: caller, sha256 }, "peer says that an object came wrong: reading it again");
    deps.onDamage(sha256);
  }
  endEmpty(response, taken === "too_many" ? 429 : 202);
}

function knownCaller(peers: Pick<Peers, "directory">, request: IncomingMessage): NodeId | null {
  const nodeId = callerOf(request.socket);
  return nodeId !== null && nodeIn(peers.directory, nodeId) !== undefined ? nodeId : null;
}

// TLS has checked that the certificate is of this cluster; a connection keeps the one that it began with.
function callerOf(socket: IncomingMessage["socket"]): NodeId | null {
  let nodeId = callers.get(socket);
  if (nodeId === undefined) {
    const names = socket instanceof TLSSocket ? socket.getPeerCertificate().subjectaltname : undefined;
    nodeId = nodeIdOfNames(names ?? "");
    callers.set(socket, nodeId);
  }
  return nodeId;
}

const callers = new WeakMap<IncomingMessage["socket"], NodeId | null>();
