// What heartbeats say of the nodes, kept in memory; the catalog is told every few seconds, not at each beat.
import type { Clock } from "@vstream/core/clock.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Load, Scrub } from "@vstream/core/media.ts";
import type { CatalogCommands } from "../catalog/catalog.ts";
import type { Heartbeat } from "./session.ts";

interface Heard {
  readonly load: Load;
  readonly scrub: Scrub | null;
  readonly lastSeenAt: number;
}

export class NodeLoads {
  readonly #clock: Clock;
  readonly #newest = new Map<NodeId, Heard>();
  #unwritten = new Set<NodeId>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  hear(nodeId: NodeId, { load, scrub }: Pick<Heartbeat, "load" | "scrub">): void {
    this.#newest.set(nodeId, { load, scrub, lastSeenAt: this.#clock.now() });
    this.#unwritten.add(nodeId);
  }

  loadOf(nodeId: NodeId): Load | null {
    return this.#newest.get(nodeId)?.load ?? null;
  }

  scrubOf(nodeId: NodeId): Scrub | null {
    return this.#newest.get(nodeId)?.scrub ?? null;
  }

  all(): Map<NodeId, Load> {
    return new Map([...this.#newest].map(([nodeId, heard]) => [nodeId, heard.load]));
  }

  /** What was heard since the last time. It counts as unwritten again when the catalog does not take it. */
  async writeTo(commands: Pick<CatalogCommands, "recordLoads">): Promise<void> {
    const nodeIds = [...this.#unwritten];
    this.#unwritten = new Set();
    const loads = nodeIds.flatMap((nodeId) => {
      const heard = this.#newest.get(nodeId);
      if (heard === undefined) return [];
      const { usedBytes, capacityBytes } = heard.load;
      return [{ nodeId, usedBytes, capacityBytes, lastSeenAt: heard.lastSeenAt }];
    });
    if (loads.length === 0) return;
    try {
      await commands.recordLoads(loads);
    } catch (thrown) {
      for (const nodeId of nodeIds) this.#unwritten.add(nodeId);
      throw thrown;
    }
  }

  forget(nodeId: NodeId): void {
    this.#newest.delete(nodeId);
    this.#unwritten.delete(nodeId);
  }
}
