// Tells connected agents of all nodes whenever something about one of them changes: at once after a quiet second, and
// then once a second at most, because with many nodes each telling is long. All are sent one and the same message, so
// that the wire translates it once.
import type { Clock } from "@vstream/core/clock.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { NodeAddress } from "@vstream/core/media.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { directoryOf, isTold } from "./directory.ts";
import type { ControlMessage } from "./session.ts";
import type { Sessions } from "./sessions.ts";

const betweenMs = 1_000;

export type DirectoryMessage = Extract<ControlMessage, { kind: "directory" }>;

export class DirectoryNews {
  readonly #sessions: Sessions;
  readonly #clock: Clock;
  #newest: DirectoryMessage | null = null;
  #told: ReadonlyMap<NodeId, NodeAddress> = new Map();
  #toldAtMs = -Infinity;
  #isLate = false;
  /** Nodes that were sent a list that may be older than the newest. */
  readonly #behind = new Set<NodeId>();

  constructor(sessions: Sessions, clock: Clock) {
    this.#sessions = sessions;
    this.#clock = clock;
  }

  /** To be called with what each look sees. */
  see(nodes: readonly NodeRecord[]): void {
    if (isTold(nodes, this.#told)) {
      this.#isLate = false;
      this.#catchUp();
      return;
    }
    this.#isLate = this.#msUntilNext() > 0;
    if (!this.#isLate) this.#tellAll(directoryOf(nodes));
  }

  /** After how long there is something to tell that had to wait; null: nothing waits. */
  dueInMs(): number | null {
    return this.#isLate ? this.#msUntilNext() : null;
  }

  /** The newest list that names the node, for the beginning of its session; null: none does, so that it must be read. */
  newestFor(nodeId: NodeId): DirectoryMessage | null {
    return this.#told.has(nodeId) ? this.#newest : null;
  }

  /** The node was sent a list that was read apart; a newer one may have reached it before. */
  repeatFor(nodeId: NodeId): void {
    this.#behind.add(nodeId);
  }

  #tellAll(nodes: readonly NodeAddress[]): void {
    this.#newest = { kind: "directory", nodes };
    this.#told = new Map(nodes.map((node) => [node.nodeId, node]));
    this.#toldAtMs = this.#clock.monotonicMs();
    this.#behind.clear();
    for (const nodeId of this.#sessions.nodeIds()) this.#sessions.send(nodeId, this.#newest);
  }

  #catchUp(): void {
    if (this.#newest === null) return;
    for (const nodeId of this.#behind) this.#sessions.send(nodeId, this.#newest);
    this.#behind.clear();
  }

  #msUntilNext(): number {
    return Math.max(0, this.#toldAtMs + betweenMs - this.#clock.monotonicMs());
  }
}
