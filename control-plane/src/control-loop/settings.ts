// The times of the control loop, with the defaults that a production cluster runs on.
import type { PlanSettings } from "../planning/cluster.ts";
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
  readonly keepTasksMs: number;
  readonly keepEventsMs: number;
}

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;

export const defaultLoopSettings: LoopSettings = {
  repairHoldMs: 300 * second,
  trashMs: day,
  uploadLimitMs: day,
  maxChunkSegments: null,
  heartbeatMs: 2 * second,
  leaseMs: 12 * second,
  silentMs: 5 * second,
  suspectMs: 10 * second,
  downMs: 15 * second,
  tickMs: second,
  gatherMs: 5,
  writeLoadsMs: 5 * second,
  completeNewsMs: 60 * second,
  pruneMs: hour,
  keepTasksMs: 7 * day,
  keepEventsMs: 30 * day,
};
