// An agent's line to the control plane over the simulated network, by the rules of node-agent's rpc/: one session at a
// time, heartbeats that must be answered, leases renewed, the inventory first, reports repeated until answered.
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import type { Manifest, NodeDescription } from "@vstream/core/media.ts";
import type { ControlLoop } from "../../control-plane/src/control-loop/control-loop.ts";
import type { ControlMessage, Heartbeat } from "../../control-plane/src/control-loop/session.ts";
import type { Lease, PieceReport, Renewal, TaskReport } from "../../node-agent/src/rpc/control-messages.ts";
import { answerLimitMs, renewEveryMs } from "../../node-agent/src/rpc/session.ts";
import type { UploadOutcome } from "../../node-agent/src/serving/upload-reports.ts";
import type { LostCopies } from "../../node-agent/src/store/store.ts";
import type { Network, Place, Stream, StreamEnds } from "./network.ts";
import { controlPlace } from "./plane.ts";
import type { AgentWord, Plane } from "./plane.ts";
import type { Random } from "./random.ts";
import type { Program, VirtualTime } from "./virtual-time.ts";

const firstBackoffMs = 200;
const longestBackoffMs = 2_000;

export interface LinkListener {
  describe(): NodeDescription;
  heartbeat(): Omit<Heartbeat, "sequence">;
  leases(): readonly Lease[];
  inventory(): ReadonlyMap<AssetId, readonly PieceId[]>;
  said(word: ControlMessage, incarnation: string): void;
  renewed(renewal: Renewal): void;
  assetsUnknown(assetIds: readonly AssetId[]): void;
}

export interface AgentLinkParts {
  readonly nodeId: NodeId;
  readonly place: Place;
  readonly program: Program;
  readonly plane: Plane;
  readonly network: Network;
  readonly time: VirtualTime;
  readonly random: Random;
}

export class AgentLink {
  readonly #parts: AgentLinkParts;
  #ready = Promise.withResolvers<undefined>();
  #isReady = false;
  #failures = 0;

  constructor(parts: AgentLinkParts) {
    this.#parts = parts;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  start(listener: LinkListener): void {
    void this.#keepSession(listener);
  }

  async reportTask({ fence, taskId, outcome, log }: TaskReport, signal: AbortSignal): Promise<boolean> {
    const { nodeId } = this.#parts;
    const { incarnation, epoch } = fence;
    return await this.#untilAnswered(signal, async (loop) => {
      return (await loop.reportTask({ taskId, nodeId, incarnation, epoch, log, outcome })) === "accepted";
    });
  }

  async reportPiece({ fence, taskId, piece }: PieceReport, signal: AbortSignal): Promise<boolean> {
    const { nodeId } = this.#parts;
    const { incarnation, epoch } = fence;
    return await this.#untilAnswered(signal, async (loop) => {
      return (await loop.reportPiece({ taskId, nodeId, incarnation, epoch, piece })) === "accepted";
    });
  }

  async reportUpload(report: { assetId: AssetId; outcome: UploadOutcome }, signal: AbortSignal): Promise<boolean> {
    const { nodeId } = this.#parts;
    const { assetId, outcome } = report;
    return await this.#untilAnswered(signal, async (loop) => {
      if (outcome.kind === "source") {
        return (await loop.reportUpload({ assetId, nodeId, source: outcome.piece })) === "accepted";
      }
      await loop.reportUploadFailure({ assetId, nodeId, failure: outcome.failure });
      return true;
    });
  }

  async reportDamage(entries: LostCopies, signal: AbortSignal): Promise<void> {
    const { nodeId } = this.#parts;
    await this.#untilAnswered(signal, async (loop) => {
      await loop.reportDamage({ nodeId, entries });
    });
  }

  async getManifest(query: { assetId: AssetId; haveVersion: number; edition?: number }): Promise<Manifest> {
    return await this.#call(async () => await this.#parts.plane.getManifest(query), false);
  }

  async #keepSession(listener: LinkListener): Promise<never> {
    for (;;) {
      const session = new Session(this.#parts, listener);
      try {
        await session.run(async (incarnation) => {
          await this.#tellInventory(listener);
          this.#failures = 0;
          this.#isReady = true;
          this.#ready.resolve(undefined);
          return incarnation;
        });
      } catch {
        this.#failures += 1;
      }
      if (this.#isReady) this.#ready = Promise.withResolvers();
      this.#isReady = false;
      await this.#parts.program.clock.sleep(this.#backoffMs(this.#failures - 1));
    }
  }

  async #tellInventory(listener: LinkListener): Promise<void> {
    const { nodeId } = this.#parts;
    const entries = [...listener.inventory()].map(([assetId, pieceIds]) => ({ assetId, pieceIds }));
    const unknown = await this.#call(
      async () => await this.#parts.plane.ask(({ loop }) => loop.reportInventory({ nodeId, entries })),
      false,
    );
    listener.assetsUnknown(unknown);
  }

  async #untilAnswered<Answer>(signal: AbortSignal, ask: (loop: ControlLoop) => Promise<Answer>): Promise<Answer> {
    const { plane, program } = this.#parts;
    for (let attempt = 0; ; attempt += 1) {
      while (!this.#isReady) await this.#ready.promise;
      signal.throwIfAborted();
      try {
        return await this.#call(async () => await plane.ask(({ loop }) => ask(loop)), true);
      } catch (thrown) {
        const error = asVsError(thrown);
        if (!error.retryable && error.code !== "cancelled" && error.code !== "internal") throw error;
      }
      await program.clock.sleep(this.#backoffMs(attempt), signal);
    }
  }

  async #call<Answer>(answer: () => Promise<Answer>, copied: boolean): Promise<Answer> {
    const { network, place, program, plane } = this.#parts;
    const callee = (): Program | null => (plane.isRunning ? plane.program : null);
    return await network.call({ from: place, to: controlPlace, caller: program, callee, answer, copied });
  }

  #backoffMs(attempt: number): number {
    const full = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(Math.max(attempt, 0), 10));
    return full * this.#parts.random.between(0.5, 1);
  }
}

class Session {
  readonly #parts: AgentLinkParts;
  readonly #listener: LinkListener;
  readonly #over = new AbortController();
  readonly #welcome = Promise.withResolvers<string>();
  readonly #renewals: { asked: readonly Lease[]; askedAtMs: number }[] = [];
  #stream: Stream | null = null;
  #incarnation = "";
  #answeredAtMs: number;
  #beats = 0;

  constructor(parts: AgentLinkParts, listener: LinkListener) {
    this.#parts = parts;
    this.#listener = listener;
    this.#answeredAtMs = parts.program.clock.monotonicMs();
  }

  /** Rejects when the session is over. */
  async run(begin: (incarnation: string) => Promise<unknown>): Promise<never> {
    const { clock } = this.#parts.program;
    try {
      await this.#dial();
      const description = this.#listener.describe();
      this.#say({ kind: "hello", description, runningLeases: this.#listener.leases() });
      const late = clock.sleep(answerLimitMs, this.#over.signal).then(() => {
        throw new VsError("timed_out", "no welcome");
      });
      late.catch(() => undefined);
      await Promise.race([this.#welcome.promise, late]);
      const over = new Promise<never>((_, reject) => {
        this.#over.signal.addEventListener("abort", () => {
          reject(this.#over.signal.reason as Error);
        });
      });
      await Promise.all([this.#beat(), this.#renew(), begin(this.#incarnation), over]);
      throw new VsError("internal", "a session ended by itself");
    } finally {
      this.#end(new VsError("cancelled", "the session has ended"));
    }
  }

  // A way that is cut when somebody dials is as a port where nobody listens, later.
  async #dial(): Promise<void> {
    const { network, nodeId, place, plane, program } = this.#parts;
    await program.clock.sleep(network.delayOf(place, controlPlace));
    const cut = network.way(place, controlPlace).cut || network.way(controlPlace, place).cut;
    if (cut) await program.clock.sleep(answerLimitMs);
    const mine: StreamEnds[0] = {
      place,
      program,
      hear: (word) => {
        this.#hear(word as ControlMessage);
      },
      ended: (why) => {
        this.#end(why);
      },
    };
    const theirs = plane.sessionEnd(
      nodeId,
      (word) => this.#stream?.send(1, word),
      (why) => this.#stream?.end(1, why),
    );
    if (cut || theirs === null) throw new VsError("unavailable", "nobody listens");
    this.#stream = network.openStream([mine, theirs]);
  }

  #say(word: AgentWord): void {
    if (!this.#over.signal.aborted) this.#stream?.send(0, word);
  }

  #end(why: Error): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(why);
    this.#welcome.promise.catch(() => undefined);
    this.#welcome.reject(why);
    this.#stream?.end(0, why);
  }

  async #beat(): Promise<never> {
    const { clock } = this.#parts.program;
    for (;;) {
      if (clock.monotonicMs() - this.#answeredAtMs > answerLimitMs) {
        throw new VsError("timed_out", "heartbeats are not answered");
      }
      this.#beats += 1;
      this.#say({ kind: "heartbeat", beat: { sequence: this.#beats, ...this.#listener.heartbeat() } });
      await clock.sleep(2_000, this.#over.signal);
    }
  }

  async #renew(): Promise<never> {
    const { clock } = this.#parts.program;
    for (;;) {
      const asked = this.#listener.leases();
      if (asked.length > 0) {
        this.#renewals.push({ asked, askedAtMs: clock.monotonicMs() });
        this.#say({ kind: "renew-leases", leases: asked });
      }
      await clock.sleep(renewEveryMs, this.#over.signal);
    }
  }

  #hear(word: ControlMessage): void {
    if (this.#over.signal.aborted) return;
    if (word.kind === "heartbeat-ack" || word.kind === "welcome") {
      this.#answeredAtMs = this.#parts.program.clock.monotonicMs();
    }
    if (word.kind === "welcome") {
      this.#incarnation = word.incarnation;
      this.#welcome.resolve(word.incarnation);
    }
    if (word.kind === "leases-renewed") {
      const question = this.#renewals.shift();
      if (question !== undefined) this.#listener.renewed({ ...question, kept: word.leases });
    } else {
      this.#listener.said(word, this.#incarnation);
    }
  }
}
