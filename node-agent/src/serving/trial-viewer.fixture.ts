// For tests: a node that serves one object at every path, whoever has it, and viewers that tell how far they came.
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "@vstream/core/clock.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import type { TrialNode } from "../replicate/trial-nodes.fixture.ts";
import { quietLog } from "../store/trial-store.fixture.ts";
import { HotObjects } from "./hot-objects.ts";
import { PullThrough } from "./pull-through.ts";
import type { PullDeps } from "./pull-through.ts";
import { errorReply, hashedReply, send, statusOf } from "./reply.ts";
import { asVsError } from "@vstream/core/errors.ts";

export interface TrialPull extends AsyncDisposable {
  readonly port: number;
  readonly hot: HotObjects;
}

/** Serves the object from the node's memory, store or peers. */
export async function servePulled(
  node: TrialNode,
  served: { readonly object: ObjectRef; readonly homes: readonly NodeId[] },
  changes: Partial<PullDeps> = {},
): Promise<TrialPull> {
  const { nodeId, store, peers } = node;
  const deps = { nodeId, region: "eu", store, peers, clock: systemClock, log: quietLog, ...changes };
  const ignore = (): void => undefined;
  const pullThrough = new PullThrough(deps);
  const hot = new HotObjects({ store, pullThrough, maxBytes: 2 ** 27, onCorrupt: ignore, onRead: ignore });
  const server = createServer((asked, response) => {
    hot.get(served.object, served.homes).then(
      (bytes) => {
        send(asked, response, hashedReply(asked, { bytes, sha256: served.object.sha256, type: "video/iso.segment" }));
      },
      (thrown: unknown) => {
        const error = asVsError(thrown);
        send(asked, response, errorReply(statusOf(error.code), error.toFailure()));
      },
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const dispose = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await hot[Symbol.asyncDispose]();
  };
  return { port, hot, [Symbol.asyncDispose]: dispose };
}

/** One request, read as fast as it comes unless it is held. */
export class Viewer {
  readonly #answer: Promise<IncomingMessage>;
  readonly #parts: Buffer[] = [];
  readonly #ended: Promise<"whole" | "cut">;

  constructor(port: number, options: { method?: string; headers?: Record<string, string>; held?: boolean } = {}) {
    const { held = false, ...asked } = options;
    const sent = request({ host: "127.0.0.1", port, agent: false, ...asked });
    sent.end();
    const { promise, resolve } = Promise.withResolvers<"whole" | "cut">();
    this.#ended = promise;
    this.#answer = once(sent, "response").then(([answer]: IncomingMessage[]) => {
      if (answer === undefined) throw new Error("no answer");
      answer.once("error", () => undefined);
      answer.once("close", () => {
        resolve(answer.complete ? "whole" : "cut");
      });
      if (held) answer.pause();
      else this.#readOn(answer);
      return answer;
    });
  }

  get receivedBytes(): number {
    return this.#parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** For a viewer that was held. */
  async readOn(): Promise<void> {
    this.#readOn(await this.#answer);
  }

  async head(): Promise<{ status: number; headers: IncomingHttpHeaders }> {
    const { statusCode = 0, headers } = await this.#answer;
    return { status: statusCode, headers };
  }

  /** What came in all, and whether that was what the head had promised. */
  async end(): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer; ended: "whole" | "cut" }> {
    const head = await this.head();
    const ended = await this.#ended;
    return { ...head, ended, body: Buffer.concat(this.#parts) };
  }

  #readOn(answer: IncomingMessage): void {
    answer.on("data", (part: Buffer) => this.#parts.push(part));
    answer.resume();
  }
}

export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(5);
}
