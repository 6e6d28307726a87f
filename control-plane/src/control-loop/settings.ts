// The times of the control loop, with the defaults that a production cluster runs on.
import { segmentSeconds } from "@vstream/core/media.ts";
import type { PlanSettings } from "../planning/cluster.ts";
import { usualLadders } from "../planning/ladder-forms.ts";
import type { LivenessTimes } from "./liveness.ts";

export interface LoopSettings extends PlanSettings, LivenessTimes {
  /** How often an agent is to send a heartbeat. */
  readonly heartbeatMs: number;
  /** How long a lease lasts without renewal. Agents end their work two seconds earlier by themselves. */
  readonly leaseMs: number;
  /** The longest time between two looks. */
  readonly tickMs: number;
  /** How long calls for a look are gathered. */
  readonly gatherMs: number;
  readonly writeLoadsMs: number;
  /** How often every node gets the complete list of its manifests. */
  readonly completeNewsMs: number;
  readonly pruneMs: number;
  /** How often it is looked for what has been in the trash for long enough. */
  readonly dueTrashMs: number;
  readonly keepTasksMs: number;
  readonly keepEventsMs: number;
  /** How often it is looked whether assets want more or fewer homes for their viewers. */
  readonly weighDemandMs: number;
  /** What one home of an asset is to serve at most, bits a second; beyond that it gets another home. 0: never. */
  readonly hotBpsPerHome: number;
  /** For how long it must be watched less before such a home goes again. */
  readonly coolMs: number;
  readonly rebalanceMs: number;
  /** Whether assets are moved from full nodes to empty ones. */
  readonly rebalance: boolean;
  /** Nodes whose used shares of their capacity differ by less are left alone, 0 to 1. */
  readonly rebalanceTolerance: number;
  readonly rebalanceMovesAtOnce: number;
}

const second = 1000;
const minute = 60 * second;
const hour = 3600 * second;
const day = 24 * hour;

export const defaultLoopSettings: LoopSettings = {
  repairHoldMs: 300 * second,
  trashMs: day,
  editionGraceMs: 6 * hour,
  uploadLimitMs: day,
  maxSourceBytes: 256 * 1024 ** 3,
  maxChunkSegments: null,
  ladders: usualLadders,
  lowestFirstBelow: 1.2,
  repairCopiesAtOnce: 16,
  drainQuietMs: 3 * segmentSeconds * second,
  heartbeatMs: 2 * second,
  leaseMs: 12 * second,
  silentMs: 5 * second,
  suspectMs: 10 * second,
  downMs: 15 * second,
  brakeHoldMs: hour,
  tickMs: second,
  gatherMs: 5,
  writeLoadsMs: 5 * second,
  completeNewsMs: 60 * second,
  pruneMs: hour,
  dueTrashMs: 10 * second,
  keepTasksMs: 7 * day,
  keepEventsMs: 30 * day,
  weighDemandMs: 5 * second,
  hotBpsPerHome: 400_000_000,
  coolMs: 10 * minute,
  rebalanceMs: 30 * second,
  rebalance: true,
  rebalanceTolerance: 0.1,
  rebalanceMovesAtOnce: 4,
};
