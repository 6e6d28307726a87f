// Who is up, suspect or down is applied in the moment in which it is found, before anything is planned: a node that is
// heard while this program plans is not called down for the silence before.
import type { Snapshot } from "../catalog/records.ts";
import { applyAll } from "./apply-decisions.ts";
import { withChanges } from "./liveness.ts";
import type { HealthChange } from "./liveness.ts";
import type { LoopParts } from "./loop-parts.ts";

/** As many as one transaction holds; between two of them a node may be heard. */
const changesPerBatch = 250;

/** Gives the snapshot as it is then; the same one when nothing has changed. */
export async function followHealth(snapshot: Snapshot, parts: LoopParts): Promise<Snapshot> {
  const { brakes, catalog, clock, liveness } = parts;
  const { changes, ...findings } = liveness.check(snapshot.nodes);
  const news = brakes.follow(findings);
  const since = new Map(snapshot.nodes.map((node) => [node.id, node.healthSince]));
  const applied: HealthChange[] = [];
  for (let from = 0; from < changes.length; from += changesPerBatch) {
    const batch = changes.slice(from, from + changesPerBatch).filter((change) => liveness.isStillSo(change));
    for (const change of batch) if (change.health === "down") giveUp(change, parts);
    const decisions = batch.map(
      (change) => ({ kind: "set-node-health", ...change, since: since.get(change.nodeId) ?? 0 }) as const,
    );
    await applyAll(parts, decisions);
    applied.push(...batch);
  }
  for (const one of news) await catalog.commands.recordEvent({ ...one, at: clock.now(), actor: "vstream" });
  return applied.length === 0 ? snapshot : { ...snapshot, nodes: withChanges(snapshot.nodes, applied, clock.now()) };
}

function giveUp({ nodeId }: HealthChange, { dispatcher, leases, log }: LoopParts): void {
  log.warn({ nodeId }, "node is down");
  leases.expireAllOf(nodeId);
  dispatcher.endSilent(nodeId);
}
