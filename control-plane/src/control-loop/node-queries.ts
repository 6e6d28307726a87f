// Questions to agents over their sessions, and the answers that belong to them.
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { ControlMessage, NodeQuestion, QueryReply } from "./session.ts";

/** How long an agent may take to answer. */
export const queryLimitMs = 5_000;

interface Waiting {
  readonly nodeId: NodeId;
  readonly resolve: (lines: readonly string[]) => void;
  readonly reject: (reason: VsError) => void;
}

export class NodeQueries {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();
  #asked = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws VsError timed_out, or the failure that the node answered with */
  async ask(
    nodeId: NodeId,
    question: NodeQuestion,
    send: (message: ControlMessage) => void,
  ): Promise<readonly string[]> {
    this.#asked += 1;
    const id = String(this.#asked);
    const answered = new AbortController();
    try {
      return await Promise.race([
        this.#answerTo(id, nodeId, () => {
          send({ kind: "query", id, question });
        }),
        this.#limit(nodeId, answered.signal),
      ]);
    } finally {
      answered.abort();
      this.#waiting.delete(id);
    }
  }

  /** One that nobody waits for, or that comes from another node than was asked, is dropped. */
  reply(nodeId: NodeId, reply: QueryReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting?.nodeId !== nodeId) return;
    if (reply.failure === null) waiting.resolve(reply.lines);
    else waiting.reject(VsError.fromFailure(reply.failure));
  }

  /** Its session has ended: no answer will come. */
  abandon(nodeId: NodeId): void {
    for (const waiting of this.#waiting.values()) {
      if (waiting.nodeId === nodeId) waiting.reject(notConnected(nodeId));
    }
  }

  async #answerTo(id: string, nodeId: NodeId, ask: () => void): Promise<readonly string[]> {
    return await new Promise((resolve, reject) => {
      this.#waiting.set(id, { nodeId, resolve, reject });
      ask();
    });
  }

  async #limit(nodeId: NodeId, signal: AbortSignal): Promise<never> {
    await this.#clock.sleep(queryLimitMs, signal);
    throw new VsError("timed_out", `node ${nodeId} did not answer within ${queryLimitMs / 1000} s`, {
      hint: `See its state with: vsctl nodes show ${nodeId}`,
    });
  }
}

export function notConnected(nodeId: NodeId): VsError {
  return new VsError("unavailable", `node ${nodeId} is not connected`, {
    hint: "Start vstream-agent there, or see: vsctl nodes list",
  });
}
