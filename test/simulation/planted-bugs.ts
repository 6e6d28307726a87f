// Bugs that are put into the catalog's commands or an agent's store from outside, to see that a simulation finds them.
import type { TaskReport } from "../../control-plane/src/catalog/catalog.ts";
import { commandSet, querySet } from "../../control-plane/src/catalog/command-set.ts";
import { leaseTask, taskRow } from "../../control-plane/src/catalog/tasks.ts";
import type { Db } from "../../control-plane/src/catalog/tables.ts";
import type { TaskRecord } from "../../control-plane/src/catalog/records.ts";
import { isExtra } from "../../control-plane/src/planning/asset-facts.ts";
import type { Decision } from "../../control-plane/src/planning/decisions.ts";

export const plantedBugs = [
  "no-lease-fence",
  "repair-forgets",
  "drain-ends-early",
  "surplus-goes-early",
  "bytes-are-trusted",
  "text-is-vital",
] as const;

export type PlantedBug = (typeof plantedBugs)[number];

type Batch = { readonly decisions: readonly Decision[]; readonly term: number; readonly at: number };
type Commands = typeof commandSet;

const { applyDecisions, recordReport } = commandSet;

const changedCommands: Record<PlantedBug, Partial<Commands>> = {
  "no-lease-fence": { recordReport: recordAnyReport },
  "repair-forgets": { applyDecisions: forgetRepair },
  "drain-ends-early": { applyDecisions: endDrains },
  "surplus-goes-early": { applyDecisions: discardEarly },
  // It is in the stores: sim-store.ts.
  "bytes-are-trusted": {},
  "text-is-vital": { recordReport: failWithText },
};

/** Until disposed of. */
export function plant(bug: PlantedBug | null): Disposable {
  if (bug !== null) Object.assign(commandSet, changedCommands[bug]);
  return {
    [Symbol.dispose]() {
      Object.assign(commandSet, { applyDecisions, recordReport });
    },
  };
}

// Whatever lease the report names is taken for the one that runs.
async function recordAnyReport(db: Db, report: TaskReport) {
  const task = await taskRow(db, report.taskId);
  const isLeased = task?.state === "leased" && task.node_id !== null;
  if (!isLeased || task.reported_epoch === report.epoch) return await recordReport(db, report);
  return await recordReport(db, { ...report, epoch: task.epoch, nodeId: task.node_id ?? report.nodeId });
}

// Text or images that cannot be made take their asset with them.
async function failWithText(db: Db, report: TaskReport) {
  const outcome = await recordReport(db, report);
  const task = await taskRow(db, report.taskId);
  if (task?.state === "dead" && isExtra(task)) {
    const changes = { state: "failed", error: task.error } as const;
    await db.updateTable("assets").set(changes).where("id", "=", task.asset_id).execute();
  }
  return outcome;
}

// Of what is finished, nothing that is lost is copied again.
async function forgetRepair(db: Db, batch: Batch): Promise<TaskRecord[]> {
  const kept: Decision[] = [];
  for (const decision of batch.decisions) {
    if (decision.kind === "create-task" && decision.task.kind === "replicate") {
      const state = (await querySet.getAsset(db, decision.task.assetId))?.asset.state;
      if (state === "ready") continue;
    }
    kept.push(decision);
  }
  return await applyDecisions(db, { ...batch, decisions: kept });
}

// Who drains is drained, whatever is left on it.
async function endDrains(db: Db, batch: Batch): Promise<TaskRecord[]> {
  const { nodes } = await querySet.planningSnapshot(db, batch.at);
  const ends = nodes
    .filter((node) => node.scheduling === "draining")
    .map(({ id }): Decision => ({ kind: "set-scheduling", nodeId: id, from: "draining", to: "drained" }));
  Object.assign(batch, { decisions: [...batch.decisions, ...ends] });
  return await applyDecisions(db, batch);
}

// What stands on a node that is no home goes at once, without a look at how many other copies there are.
async function discardEarly(db: Db, batch: Batch): Promise<TaskRecord[]> {
  const { assets } = await querySet.planningSnapshot(db, batch.at);
  const discards = assets
    .filter(({ asset }) => asset.state === "processing" || asset.state === "playable")
    .flatMap(({ asset, replicas }) =>
      replicas
        .filter((copy) => copy.state === "verified" && !asset.homes.includes(copy.nodeId))
        .map(({ nodeId, pieceId }): Decision => {
          const plain = { priority: 0, rank: 0, preRollKeyframes: 0, notBefore: 0 } as const;
          const task = { kind: "discard", assetId: asset.id, pieceId: "", discardPieceIds: [pieceId], nodeId } as const;
          return { kind: "create-task", task: { ...task, ...plain } };
        }),
    );
  const leased: TaskRecord[] = [];
  for (const decision of batch.decisions) {
    if (decision.kind !== "lease-task") continue;
    const task = await taskRow(db, decision.taskId);
    if (task?.kind !== "discard" || task.state !== "pending") continue;
    leased.push(await leaseTask(db, task, { nodeId: decision.nodeId, at: batch.at }));
  }
  return [...leased, ...(await applyDecisions(db, { ...batch, decisions: [...batch.decisions, ...discards] }))];
}
