// Which leases this node may still trust. A lease that was not renewed for the trust time is over here before it is
// over at the control plane, so that no two nodes ever work for one lease. Counted on the monotonic clock, and
// checked again before every word that leaves: a process that was stopped wakes up with stale leases.
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { TaskId } from "@vstream/core/ids.ts";
import type { Lease, Renewal } from "../rpc/control-messages.ts";

/** Below the lease time of 12 s, counted from when the question for renewal left. */
export const trustMs = 10_000;

export interface HeldLease extends Disposable {
  readonly lease: Lease;
  /** Aborted with lease_lost or cancelled when the lease is over. */
  readonly signal: AbortSignal;
  /** @throws VsError lease_lost, cancelled when the lease is over, by the clock as it is now */
  check(): void;
}

export class LeaseKeeper {
  readonly #clock: Clock;
  readonly #held = new Map<TaskId, HeldByClock>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Trusted from now on. One lease a task: a former one of the same task is ended. */
  hold(lease: Lease): HeldLease {
    this.#held.get(lease.taskId)?.end(new VsError("lease_lost", `task ${lease.taskId} was leased anew`));
    const held = new HeldByClock(lease, this.#clock, () => {
      if (this.#held.get(lease.taskId) === held) this.#held.delete(lease.taskId);
    });
    this.#held.set(lease.taskId, held);
    return held;
  }

  /** Those that are trusted now. */
  leases(): readonly Lease[] {
    return [...this.#held.values()].filter((held) => held.isTrusted()).map((held) => held.lease);
  }

  renew(renewal: Renewal): void {
    for (const asked of renewal.asked) {
      const held = this.#held.get(asked.taskId);
      if (held === undefined || held.lease.epoch !== asked.epoch) continue;
      const kept = renewal.kept.some((lease) => lease.taskId === asked.taskId && lease.epoch === asked.epoch);
      if (kept) held.trustFrom(renewal.askedAtMs);
      else held.end(new VsError("lease_lost", `the control plane ended the lease of task ${asked.taskId}`));
    }
  }

  cancel(lease: Lease, reason: string): void {
    const held = this.#held.get(lease.taskId);
    if (held?.lease.epoch !== lease.epoch) return;
    held.end(new VsError("cancelled", `task ${lease.taskId} was cancelled: ${reason === "" ? "no reason" : reason}`));
  }
}

class HeldByClock implements HeldLease {
  readonly lease: Lease;
  readonly #clock: Clock;
  readonly #ending = new AbortController();
  readonly #forget: () => void;
  #trustedFromMs: number;

  constructor(lease: Lease, clock: Clock, forget: () => void) {
    this.lease = lease;
    this.#clock = clock;
    this.#forget = forget;
    this.#trustedFromMs = clock.monotonicMs();
    void this.#watch();
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  check(): void {
    this.#endIfOld();
    this.signal.throwIfAborted();
  }

  isTrusted(): boolean {
    this.#endIfOld();
    return !this.signal.aborted;
  }

  /** Once over, a lease stays over. */
  trustFrom(atMs: number): void {
    this.#endIfOld();
    this.#trustedFromMs = Math.max(this.#trustedFromMs, atMs);
  }

  end(reason: VsError): void {
    this.#ending.abort(reason);
  }

  [Symbol.dispose](): void {
    this.#forget();
    this.end(new VsError("cancelled", `task ${this.lease.taskId} has ended`));
  }

  #remainingMs(): number {
    return this.#trustedFromMs + trustMs - this.#clock.monotonicMs();
  }

  #endIfOld(): void {
    if (this.#remainingMs() > 0) return;
    this.end(new VsError("lease_lost", `the lease of task ${this.lease.taskId} was not renewed for 10 seconds`));
  }

  async #watch(): Promise<void> {
    while (!this.signal.aborted) {
      // Aborted sleep: the loop's condition ends it.
      await this.#clock.sleep(Math.max(1, this.#remainingMs()), this.signal).catch(() => undefined);
      this.#endIfOld();
    }
  }
}
