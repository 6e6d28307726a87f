// What heartbeats tell of a node: proto → domain, checked. A node of the release before tells its load only.
import type { AssetDemand, Load, Scrub } from "@vstream/core/media.ts";
import type {
  AssetDemand as WireDemand,
  Heartbeat as WireHeartbeat,
  Scrub as WireScrub,
} from "@vstream/proto/agent.ts";
import type { Load as WireLoad } from "@vstream/proto/types.ts";
import type { Heartbeat } from "../../control-loop/session.ts";
import * as check from "./checks.ts";

/** How many assets one heartbeat may name. */
const demandLimit = 20;

const share = { min: 0, max: 1 };

export function heartbeatFromWire(wire: WireHeartbeat): Heartbeat {
  const load = loadFromWire(check.present(wire.load, "load"));
  const { scrub } = wire;
  return {
    sequence: check.integer(wire.sequence, "sequence", check.tickCount),
    load: scrub === undefined ? { ...load, viewersQuietMs: quietByViewers(load) } : load,
    scrub: scrub === undefined ? null : scrubFromWire(scrub),
    demand: check.atMost(wire.demand, "demand", demandLimit).map(demandFromWire),
  };
}

// It does not say how long nobody has asked for media, and must be drained all the same.
function quietByViewers(load: Load): number {
  return load.viewers > 0 ? 0 : check.tickCount.max;
}

function loadFromWire(load: WireLoad): Load {
  return {
    usedBytes: check.integer(load.usedBytes, "used bytes", check.byteCount),
    capacityBytes: check.integer(load.capacityBytes, "capacity", check.byteCount),
    tasksRunning: check.integer(load.tasksRunning, "running tasks", check.count),
    viewers: check.integer(load.viewers, "viewers", check.count),
    egressBps: check.integer(load.egressBps, "egress", check.tickCount),
    connections: check.integer(load.connections, "connections", check.count),
    // Measured, and a little off at times: what cannot be is brought to what can.
    processor: check.clamped(load.processor, share),
    disk: check.clamped(load.disk, share),
    egressLimitBps: check.integer(load.egressLimitBps, "egress limit", check.tickCount),
    viewersQuietMs: check.integer(load.viewersQuietMs, "quiet time", check.tickCount),
  };
}

function scrubFromWire(scrub: WireScrub): Scrub {
  const endedAt = check.integer(scrub.lastPassEndedAt, "end of the last pass", check.tickCount);
  return {
    passStartedAt: check.integer(scrub.passStartedAt, "start of the pass", check.tickCount),
    checkedBytes: check.integer(scrub.checkedBytes, "checked bytes", check.byteCount),
    totalBytes: check.integer(scrub.totalBytes, "bytes to check", check.byteCount),
    lastPassEndedAt: endedAt === 0 ? null : endedAt,
    damagedFound: check.integer(scrub.damagedFound, "damaged objects", check.count),
    quarantined: check.integer(scrub.quarantined, "quarantined files", check.count),
  };
}

function demandFromWire(demand: WireDemand): AssetDemand {
  return {
    assetId: check.assetId(demand.assetId),
    viewers: check.integer(demand.viewers, "viewers of an asset", check.count),
    egressBps: check.integer(demand.egressBps, "egress of an asset", check.tickCount),
  };
}
