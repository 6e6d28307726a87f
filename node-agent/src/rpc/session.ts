// One session with the control plane, from hello to its end: heartbeats that must be answered, leases renewed,
// the inventory sent once, and everything that arrives given to the listener in order.
import type { ClientDuplexStream } from "@grpc/grpc-js";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import { fromServiceError } from "@vstream/core/grpc.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { AgentServiceClient, Query, SessionRequest, SessionResponse } from "@vstream/proto/agent.ts";
import { keepCheckingUploads } from "./check-uploads.ts";
import { assetIdOf } from "./checked.ts";
import type { ControlListener, ControlSubject, Lease, Welcome } from "./control-messages.ts";
import { sendInventory } from "./send-inventory.ts";
import { asError } from "./unary.ts";
import { heartbeatToWire } from "./wire-heartbeat.ts";
import {
  descriptionToWire,
  directoryFromWire,
  failureToWire,
  grantFromWire,
  leaseFromWire,
  newsFromWire,
  questionFromWire,
  welcomeFromWire,
} from "./wire.ts";

/** How long the control plane may take to say welcome, and to answer a heartbeat. */
export const answerLimitMs = 10_000;
/** How often running leases are renewed. */
export const renewEveryMs = 4_000;
/** Bytes that may wait on the stream before progress is left out. */
const streamBacklogBytes = 256 * 1024;
/** Renewals that may be unanswered; the answer limit ends a session long before. */
const openRenewalsLimit = 16;

export interface SessionParts {
  readonly client: AgentServiceClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly subject: ControlSubject;
  readonly listener: ControlListener;
}

interface OpenRenewal {
  readonly asked: readonly Lease[];
  readonly askedAtMs: number;
}

export class Session {
  readonly #parts: SessionParts;
  readonly #stream: ClientDuplexStream<SessionRequest, SessionResponse>;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  readonly #welcome = Promise.withResolvers<Welcome>();
  readonly #renewals: OpenRenewal[] = [];
  #incarnation = "";
  #beats = 0;
  #answeredAtMs: number;

  /** @param signal ends the session */
  constructor(parts: SessionParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = AbortSignal.any([signal, this.#ending.signal]);
    this.#answeredAtMs = parts.clock.monotonicMs();
    this.#stream = parts.client.session();
    this.#stream.on("data", (message: SessionResponse) => {
      this.#receive(message);
    });
    this.#stream.on("error", (thrown: unknown) => {
      this.#end(fromServiceError(thrown));
    });
    this.#stream.on("end", () => {
      this.#end(new VsError("unavailable", "the control plane ended the session"));
    });
  }

  /**
   * Runs until the session ends; rejects with why.
   * @param onReady called when the control plane has said welcome and knows the inventory
   */
  async run(onReady: () => void): Promise<never> {
    try {
      const node = descriptionToWire(this.#parts.subject.describe());
      this.#send({ $case: "hello", value: { node, leases: [...this.#parts.subject.leases()] } });
      const welcome = await this.#awaitWelcome();
      const uploads = keepCheckingUploads(this.#parts, this.#signal);
      await Promise.all([this.#beat(welcome.heartbeatMs), this.#renew(), this.#tellInventory(onReady), uploads]);
      throw new VsError("internal", "a session ended by itself");
    } finally {
      this.#end(new VsError("cancelled", "the session has ended"));
      this.#stream.cancel();
    }
  }

  /** Words that may be lost: left out while the stream is behind. */
  sendLossy(message: NonNullable<SessionRequest["message"]>): void {
    if (this.#stream.writableLength < streamBacklogBytes) this.#send(message);
  }

  #send(message: NonNullable<SessionRequest["message"]>): void {
    if (!this.#signal.aborted) this.#stream.write({ message });
  }

  #end(reason: VsError): void {
    this.#ending.abort(reason);
  }

  async #awaitWelcome(): Promise<Welcome> {
    const late = this.#parts.clock.sleep(answerLimitMs, this.#signal).then(() => {
      throw new VsError("timed_out", "the control plane did not say welcome");
    });
    return await Promise.race([this.#welcome.promise, late]);
  }

  async #beat(everyMs: number): Promise<never> {
    const { clock, subject } = this.#parts;
    for (;;) {
      if (clock.monotonicMs() - this.#answeredAtMs > answerLimitMs) {
        throw new VsError("timed_out", "the control plane has not answered heartbeats for 10 seconds");
      }
      this.#beats += 1;
      this.#send({ $case: "heartbeat", value: heartbeatToWire(this.#beats, subject.heartbeat()) });
      await clock.sleep(everyMs, this.#signal);
    }
  }

  async #renew(): Promise<never> {
    const { clock, subject } = this.#parts;
    for (;;) {
      const asked = subject.leases();
      if (asked.length > 0 && this.#renewals.length < openRenewalsLimit) {
        this.#renewals.push({ asked, askedAtMs: clock.monotonicMs() });
        this.#send({ $case: "renewLeases", value: { leases: [...asked] } });
      }
      await clock.sleep(renewEveryMs, this.#signal);
    }
  }

  async #tellInventory(onReady: () => void): Promise<void> {
    const unknown = await sendInventory(this.#parts.client, this.#parts.subject.inventory(), this.#signal);
    this.#signal.throwIfAborted();
    this.#parts.listener.assetsUnknown(unknown.map(assetIdOf));
    onReady();
    // The session lives on: only its end ends this.
    await new Promise((_resolve, reject) => {
      const abort = (): void => {
        reject(asError(this.#signal.reason));
      };
      if (this.#signal.aborted) abort();
      else this.#signal.addEventListener("abort", abort, { once: true });
    });
  }

  // A message that cannot be understood is left out and said: a lease lost this way runs elsewhere.
  #receive(response: SessionResponse): void {
    if (this.#signal.aborted) return;
    try {
      if (response.message !== undefined) this.#dispatch(response.message);
    } catch (thrown) {
      this.#parts.log.error({ err: asVsError(thrown), message: response.message?.$case }, "message not understood");
    }
  }

  #dispatch(message: NonNullable<SessionResponse["message"]>): void {
    const { listener } = this.#parts;
    switch (message.$case) {
      case "welcome":
        this.#receiveWelcome(welcomeFromWire(message.value));
        return;
      case "heartbeatAck":
        this.#answeredAtMs = this.#parts.clock.monotonicMs();
        return;
      case "leaseGrant":
        listener.granted(grantFromWire(message.value, this.#incarnation));
        return;
      case "leasesRenewed":
        this.#receiveRenewal(message.value.leases.map(leaseFromWire));
        return;
      case "leaseCancel":
        listener.cancelled(leaseFromWire(message.value.lease), message.value.reason);
        return;
      case "directory":
        listener.directoryChanged(directoryFromWire(message.value));
        return;
      case "manifestNews":
        listener.manifestsChanged(newsFromWire(message.value));
        return;
      case "query":
        this.#answer(message.value);
        return;
    }
  }

  #receiveWelcome(welcome: Welcome): void {
    this.#answeredAtMs = this.#parts.clock.monotonicMs();
    this.#incarnation = welcome.incarnation;
    this.#parts.listener.welcomed(welcome);
    this.#welcome.resolve(welcome);
  }

  // Answers come in the order of the questions, so the oldest open question is the one that is answered.
  #receiveRenewal(kept: readonly Lease[]): void {
    const question = this.#renewals.shift();
    if (question !== undefined) this.#parts.listener.renewed({ ...question, kept });
  }

  #answer(query: Query): void {
    try {
      const lines = [...this.#parts.listener.answer(questionFromWire(query))];
      this.sendLossy({ $case: "queryReply", value: { id: query.id, lines, failure: undefined } });
    } catch (thrown) {
      const failure = failureToWire(asVsError(thrown).toFailure());
      this.sendLossy({ $case: "queryReply", value: { id: query.id, lines: [], failure } });
    }
  }
}
