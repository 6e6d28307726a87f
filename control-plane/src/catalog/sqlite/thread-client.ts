// The program's end of a catalog thread: calls go out, promises come back. When the thread ends by itself, every
// pending call is rejected, and the program is told once.
import { Worker } from "node:worker_threads";
import { VsError, unreachable } from "@vstream/core/errors.ts";
import type { CatalogIdentity } from "../catalog.ts";
import type { EventRecord } from "../records.ts";
import { fromSent, toSent } from "./messages.ts";
import type { Answer, Call, FromThread, ThreadStart, ToThread } from "./messages.ts";

/** Calls that may wait for one thread; beyond it new ones are refused at once. */
export const waitingCallLimit = 10_000;

export interface ThreadListener {
  /** The thread is gone and the catalog with it. */
  readonly onFatal: (error: VsError) => void;
  readonly onEvents: (events: readonly EventRecord[]) => void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: VsError) => void;
}

export class ThreadClient implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #listener: ThreadListener;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ready = Promise.withResolvers<CatalogIdentity>();
  readonly #exited = Promise.withResolvers<undefined>();
  #unsent: Call[] = [];
  #started = false;
  #lastId = 0;
  #ended: VsError | null = null;

  /** @throws VsError what the thread refused to start with */
  static async start(
    url: URL,
    start: ThreadStart,
    listener: ThreadListener,
  ): Promise<{ client: ThreadClient; identity: CatalogIdentity }> {
    const client = new ThreadClient(new Worker(url, { workerData: start, name: `catalog-${start.role}` }), listener);
    const identity = await client.#ready.promise;
    client.#started = true;
    return { client, identity };
  }

  private constructor(worker: Worker, listener: ThreadListener) {
    this.#worker = worker;
    this.#listener = listener;
    worker.on("message", (message: FromThread) => {
      this.#hear(message);
    });
    worker.on("error", (cause) => {
      this.#die(new VsError("internal", "a catalog thread failed", { cause }));
    });
    worker.on("exit", (code) => {
      this.#die(new VsError("internal", `a catalog thread ended with code ${code}`));
      this.#exited.resolve(undefined);
    });
  }

  /** @throws VsError what the command or query threw; unavailable when too many wait or the catalog is closed */
  async call(name: string, given: readonly unknown[]): Promise<unknown> {
    if (this.#ended !== null) throw this.#ended;
    if (this.#waiting.size >= waitingCallLimit) {
      throw new VsError("unavailable", `${waitingCallLimit} calls wait for the catalog already`, {
        hint: "Try again in a moment; if it stays so, the disk under the catalog is too slow",
      });
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, { resolve, reject });
    this.#send({ id: this.#lastId, name, given });
    return await promise;
  }

  /** What was called before is answered; what comes after is refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended === null) {
      this.#ended = new VsError("unavailable", "the catalog is closed");
      this.#flush();
      this.#worker.postMessage({ kind: "close" } satisfies ToThread);
    }
    await this.#exited.promise;
  }

  // Not at once: a message wakes the thread, which costs more than most calls do, and what else this turn of the event
  // loop asks goes along.
  #send(call: Call): void {
    if (this.#unsent.length === 0) {
      setImmediate(() => {
        this.#flush();
      });
    }
    this.#unsent.push(call);
  }

  #flush(): void {
    const calls = this.#unsent;
    this.#unsent = [];
    if (calls.length === 0) return;
    try {
      this.#worker.postMessage({ kind: "calls", calls } satisfies ToThread);
    } catch (cause) {
      const failure = toSent(new VsError("internal", "a call of the catalog cannot be sent to its thread", { cause }));
      for (const { id } of calls) this.#settle({ id, kind: "failure", failure });
    }
  }

  #hear(message: FromThread): void {
    switch (message.kind) {
      case "ready":
        this.#ready.resolve(message.identity);
        return;
      case "refused":
      case "fatal":
        this.#die(fromSent(message.failure));
        return;
      case "answers":
        for (const answer of message.answers) this.#settle(answer);
        if (message.events.length > 0) this.#listener.onEvents(message.events);
        return;
      default:
        unreachable(message);
    }
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === "value") waiting?.resolve(answer.value);
    else waiting?.reject(fromSent(answer.failure));
  }

  #die(error: VsError): void {
    const wasEnded = this.#ended !== null;
    this.#ended ??= error;
    this.#ready.reject(this.#ended);
    for (const waiting of this.#waiting.values()) waiting.reject(this.#ended);
    this.#waiting.clear();
    // Before it got to work, the caller of start is told, and nobody else.
    if (this.#started && !wasEnded) this.#listener.onFatal(error);
  }
}
