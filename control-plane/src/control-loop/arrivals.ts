// Nodes that have connected since this program started, and a wait for the next one to do so: after a restart agents
// dial again within seconds, and what needs them had better wait than fail.
import type { Clock } from "@vstream/core/clock.ts";
import type { NodeId } from "@vstream/core/ids.ts";

/** How long after its start agents may still be on their way back. */
const returningMs = 10_000;

export class Arrivals {
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #seen = new Set<NodeId>();
  readonly #waiting = new Set<AbortController>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
  }

  arrived(nodeId: NodeId): void {
    this.#seen.add(nodeId);
    for (const waiting of this.#waiting) waiting.abort();
  }

  /** Whether the node, though up in the catalog, was not here yet and may come at any moment. */
  isAwaited(nodeId: NodeId): boolean {
    return !this.#seen.has(nodeId) && this.#clock.monotonicMs() - this.#startedMs < returningMs;
  }

  /** Until some node arrives or the time is over. Never rejects. */
  async next(limitMs: number): Promise<void> {
    const waiting = new AbortController();
    this.#waiting.add(waiting);
    // An arrival ends the sleep by a rejection.
    await this.#clock.sleep(limitMs, waiting.signal).catch(() => undefined);
    this.#waiting.delete(waiting);
  }
}
