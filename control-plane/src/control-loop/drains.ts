// What holds the nodes that are being emptied, as found by the newest looks; for who shows them.
import type { Clock } from "@vstream/core/clock.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { PlanInput } from "../planning/cluster.ts";
import { findHeld } from "../planning/drain-step.ts";
import type { HeldAsset } from "../planning/drain-step.ts";
import { inStretches } from "./in-stretches.ts";

/** What is found is for people's eyes only; looks may follow each other within milliseconds. */
const findEveryMs = 1_000;

export interface DrainOutlook {
  /** Assets that it is no home of, and of which it holds pieces that the homes do not have yet. */
  readonly heldBeside: number;
  /** Whether other nodes can take some of what it holds. As long as nothing is known of that: they can. */
  readonly othersCanTake: boolean;
}

const unknown: DrainOutlook = { heldBeside: 0, othersCanTake: true };

export class Drains {
  readonly #clock: Clock;
  #outlooks: ReadonlyMap<NodeId, DrainOutlook> = new Map();
  #foundMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async look(input: PlanInput): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#foundMs < findEveryMs) return;
    this.#foundMs = nowMs;
    const held = Map.groupBy(await inStretches(findHeld(input), this.#clock), ({ nodeId }) => nodeId);
    this.#outlooks = new Map([...held].map(([nodeId, assets]) => [nodeId, outlookOf(assets)]));
  }

  outlookOf(nodeId: NodeId): DrainOutlook {
    return this.#outlooks.get(nodeId) ?? unknown;
  }
}

function outlookOf(assets: readonly HeldAsset[]): DrainOutlook {
  return {
    heldBeside: assets.filter(({ isHome }) => !isHome).length,
    othersCanTake: assets.some(({ othersCanTake }) => othersCanTake),
  };
}
