// One HTTPS request to another agent: who answers is checked before anything is sent, nothing waits without a limit,
// and whatever goes wrong is a VsError that names the node.
import { request as startRequest } from "node:https";
import type { Agent } from "node:https";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";

const peerLimits = {
  /** Until the connection stands, TLS included. */
  connectMs: 3_000,
  /** On which nothing moves. */
  idleMs: 10_000,
  headerBytes: 16 * 1024,
} as const;

export interface PeerRequest {
  readonly holder: NodeId;
  readonly peerUrl: string;
  readonly path: string;
  /** GET unless it is said. */
  readonly method?: "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * The answer, its body still to be read. The body fails with VsError peer_failed.
 * @throws VsError peer_failed, or the signal's reason
 */
export async function askPeer(asked: PeerRequest): Promise<IncomingMessage> {
  for (;;) {
    asked.signal.throwIfAborted();
    const request = openRequest(asked);
    try {
      return await answered(request);
    } catch (thrown) {
      asked.signal.throwIfAborted();
      // A kept connection that the other side has closed meanwhile says nothing about the node; each such failure
      // takes one out of the few that are kept.
      if (!request.reusedSocket || !isReset(thrown)) throw peerFailed(asked.holder, thrown);
    }
  }
}

export function peerFailed(holder: NodeId, cause: unknown): VsError {
  if (cause instanceof VsError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new VsError("peer_failed", `node ${holder} did not answer as it should: ${reason}`, {
    hint: "vsctl nodes list shows whether the node is up",
    cause,
  });
}

/** Bytes of an answer's body as they come. */
export async function* bodyOf(
  answer: IncomingMessage,
  asked: { holder: NodeId; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  try {
    for await (const part of answer) yield part as Buffer;
  } catch (thrown) {
    asked.signal.throwIfAborted();
    throw peerFailed(asked.holder, thrown);
  }
}

function openRequest(asked: PeerRequest): ClientRequest {
  const request = startRequest(new URL(asked.path, asked.peerUrl), {
    agent: asked.agent,
    method: asked.method ?? "GET",
    headers: asked.headers,
    signal: asked.signal,
    // Connections are kept by this name, so that one to a node is never taken for another node at the same address.
    // The agent checks the certificate against it; a check given here would make a new connection for each request.
    servername: asked.holder,
    maxHeaderSize: peerLimits.headerBytes,
  });
  request.setTimeout(peerLimits.idleMs, () => request.destroy(new Error("nothing moved for 10 s")));
  limitConnecting(request, asked.clock);
  return request;
}

function isReset(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && (thrown.code === "ECONNRESET" || thrown.code === "EPIPE");
}

async function answered(request: ClientRequest): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    request.once("response", (answer) => {
      // Whoever reads the body meets its failure there; nobody may be reading yet, or any more.
      answer.on("error", () => undefined);
      resolve(answer);
    });
    request.on("error", reject);
    request.end();
  });
}

// A kept connection stands already; a new one has a shorter limit than a silent one.
function limitConnecting(request: ClientRequest, clock: Clock): void {
  request.once("socket", (socket) => {
    if (!socket.connecting) return;
    const done = new AbortController();
    const settle = (): void => {
      done.abort();
    };
    socket.once("secureConnect", settle);
    request.once("close", settle);
    clock.sleep(peerLimits.connectMs, done.signal).then(
      () => request.destroy(new Error("no connection within 3 s")),
      () => undefined,
    );
  });
}
