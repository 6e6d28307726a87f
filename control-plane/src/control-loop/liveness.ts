// Which nodes are alive, by their heartbeats on the monotonic clock. Silence makes a node suspect, then down. When
// most nodes fall silent together it is more likely that this program is cut off than that they all died: then they
// are only suspected, and nothing is moved, for as long as the hold at most. When most nodes of one region do, they are
// down, but see region-brake.ts.
import type { Clock } from "@vstream/core/clock.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { NodeHealth, NodeRecord } from "../catalog/records.ts";
import { RegionBrake } from "./region-brake.ts";

export interface LivenessTimes {
  readonly suspectMs: number;
  readonly downMs: number;
  /** Silence for longer than this, at the same time as others', counts towards being cut off. */
  readonly silentMs: number;
  /**
   * For how long nothing is made again of what stands on nodes that fell silent together: most of the cluster, or most
   * of a region. 0: no such brakes.
   */
  readonly brakeHoldMs: number;
}

export interface HealthChange {
  readonly nodeId: NodeId;
  readonly health: NodeHealth;
}

export interface LivenessFindings {
  readonly changes: readonly HealthChange[];
  /** Most nodes are silent: this program is probably cut off. */
  readonly isCutOff: boolean;
  /** Most nodes are silent, and were for as long as the hold: they are gone. */
  readonly isHoldOver: boolean;
  /** Most of their nodes went down together. */
  readonly brakedRegions: ReadonlySet<string>;
}

/** In smaller clusters, one node more or less decides; a majority says nothing there. */
const fewestForBrake = 4;

// When this program itself stood still (stopped, swapped out), silence in that time was its own.
const pauseMs = 3_000;

export class Liveness {
  readonly #clock: Clock;
  readonly #times: LivenessTimes;
  /** When silence began to count; for nodes not heard of yet, when they were first asked about. */
  readonly #heardAt = new Map<NodeId, number>();
  readonly #heard = new Set<NodeId>();
  readonly #regions: RegionBrake;
  /** Given up after the hold: that they went down in the same moment says nothing more. */
  readonly #givenUp = new Set<NodeId>();
  #pulseAt: number;
  /** Since when most nodes have been silent; null: they are not. In memory: a restart of this program begins anew. */
  #silentSince: number | null = null;
  #braked = false;

  constructor(clock: Clock, times: LivenessTimes) {
    this.#clock = clock;
    this.#times = times;
    this.#regions = new RegionBrake(times.brakeHoldMs);
    this.#pulseAt = clock.monotonicMs();
  }

  /** A sign of life. Gives whether it was silent long enough to be suspected. */
  heard(nodeId: NodeId): boolean {
    const wasSilent = this.#silenceOf(nodeId) >= this.#times.suspectMs;
    this.#heardAt.set(nodeId, this.#clock.monotonicMs());
    this.#heard.add(nodeId);
    this.#givenUp.delete(nodeId);
    return wasSilent;
  }

  /** To be called about once a second, whatever else is slow: a long time between two calls is this program's own. */
  pulse(): void {
    const now = this.#clock.monotonicMs();
    const pause = now - this.#pulseAt;
    this.#pulseAt = now;
    if (pause < pauseMs) return;
    for (const [nodeId, heardAt] of this.#heardAt) this.#heardAt.set(nodeId, Math.min(now, heardAt + pause));
    if (this.#silentSince !== null) this.#silentSince = Math.min(now, this.#silentSince + pause);
  }

  /**
   * Changes that the catalog does not have yet. A node that was never heard of since this program started is as if
   * heard at its first check. One that is down comes up by a new session only, since its copies must be counted anew.
   */
  check(nodes: readonly NodeRecord[]): LivenessFindings {
    for (const { id } of nodes) if (!this.#heardAt.has(id)) this.#heardAt.set(id, this.#clock.monotonicMs());
    const living = nodes.filter((node) => node.health !== "down");
    const silent = living.filter((node) => this.#silenceOf(node.id) >= this.#times.silentMs);
    const areMostSilent = living.length >= fewestForBrake && silent.length * 2 > living.length;
    this.#silentSince = areMostSilent ? (this.#silentSince ?? this.#clock.monotonicMs()) : null;
    const isHoldOver = this.#isHoldOver();
    const isCutOff = areMostSilent && !isHoldOver;
    if (this.#braked && !areMostSilent) this.#giveTime(silent);
    this.#braked = isCutOff;
    const changes = living
      .map((node) => ({ nodeId: node.id, health: this.#healthOf(node, isCutOff), before: node.health }))
      .filter(({ health, before }) => health !== before)
      .map(({ nodeId, health }) => ({ nodeId, health }));
    if (isHoldOver) for (const { nodeId, health } of changes) if (health === "down") this.#givenUp.add(nodeId);
    const at = this.#clock.now();
    const brakedRegions = this.#regions.check({
      nodes: withChanges(nodes, changes, at).filter((node) => !this.#givenUp.has(node.id)),
      silent: new Set(silent.map((node) => node.id)),
      at,
    });
    return { changes, isCutOff, isHoldOver, brakedRegions };
  }

  /** Whether what a check found is still so: a node that was heard since is not down. */
  isStillSo({ nodeId, health }: HealthChange): boolean {
    return health !== "down" || this.#silenceOf(nodeId) >= this.#times.downMs;
  }

  #isHoldOver(): boolean {
    return this.#silentSince !== null && this.#clock.monotonicMs() - this.#silentSince >= this.#times.brakeHoldMs;
  }

  // Whoever was cut off comes back one after the other.
  #giveTime(silent: readonly NodeRecord[]): void {
    for (const { id } of silent) {
      this.#heardAt.set(id, this.#clock.monotonicMs());
      this.#heard.delete(id);
    }
  }

  #healthOf(node: NodeRecord, isCutOff: boolean): NodeHealth {
    const silence = this.#silenceOf(node.id);
    if (silence >= this.#times.downMs && !isCutOff) return "down";
    if (silence >= this.#times.suspectMs) return "suspect";
    return this.#heard.has(node.id) ? "up" : node.health;
  }

  #silenceOf(nodeId: NodeId): number {
    const heardAt = this.#heardAt.get(nodeId);
    return heardAt === undefined ? 0 : this.#clock.monotonicMs() - heardAt;
  }
}

/** The nodes as they are once the changes are applied. */
export function withChanges(nodes: readonly NodeRecord[], changes: readonly HealthChange[], at: number): NodeRecord[] {
  const changed = new Map(changes.map(({ nodeId, health }) => [nodeId, health]));
  return nodes.map((node) => {
    const health = changed.get(node.id);
    return health === undefined ? node : { ...node, health, healthSince: at };
  });
}
