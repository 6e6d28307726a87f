// What the configuration says of the control loop; everything else is as in its own defaults.
import type { ControlConfig } from "./config.ts";
import type { LoopSettings } from "./control-loop/settings.ts";
import { laddersWith } from "./planning/ladder-forms.ts";

export function loopSettings(config: ControlConfig): Partial<LoopSettings> {
  return {
    repairHoldMs: config.repairHoldMs,
    repairCopiesAtOnce: config.repairCopiesAtOnce,
    brakeHoldMs: config.brakeHoldMs,
    drainQuietMs: config.drainQuietMs,
    trashMs: config.trashMs,
    editionGraceMs: config.editionGraceMs,
    maxSourceBytes: config.maxSourceBytes,
    maxChunkSegments: config.maxChunkSegments ?? null,
    ladders: laddersWith(config.ladders),
    lowestFirstBelow: config.lowestFirstBelow,
    rebalance: config.rebalance === "on",
    rebalanceTolerance: config.rebalanceTolerance,
    rebalanceMovesAtOnce: config.rebalanceMovesAtOnce,
    hotBpsPerHome: config.hotBpsPerHome,
    coolMs: config.coolMs,
  };
}
