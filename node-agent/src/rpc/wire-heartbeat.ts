// What a heartbeat tells, to the wire. Its figures are whole numbers there, the shares aside.
import type { Load, Scrub } from "@vstream/core/media.ts";
import type * as wire from "@vstream/proto/agent.ts";
import type * as types from "@vstream/proto/types.ts";
import type { HeartbeatContent } from "./control-messages.ts";

/** How many assets one heartbeat may name; those watched most come first. */
const demandLimit = 20;

export function heartbeatToWire(sequence: number, { load, scrub, demand }: HeartbeatContent): wire.Heartbeat {
  return {
    sequence,
    load: loadToWire(load),
    scrub: scrubToWire(scrub),
    demand: demand
      .slice(0, demandLimit)
      .map(({ assetId, viewers, egressBps }) => ({ assetId, viewers, egressBps: Math.round(egressBps) })),
  };
}

function loadToWire(load: Load): types.Load {
  const { egressBps, viewersQuietMs } = load;
  return { ...load, egressBps: Math.round(egressBps), viewersQuietMs: Math.round(viewersQuietMs) };
}

function scrubToWire(scrub: Scrub): wire.Scrub {
  return { ...scrub, lastPassEndedAt: scrub.lastPassEndedAt ?? 0 };
}
