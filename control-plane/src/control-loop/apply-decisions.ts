// Gives decisions to the catalog, in transactions of a bounded size, and announces what they concern.
import type { AssetId, TaskId } from "@vstream/core/ids.ts";
import type { Snapshot, TaskRecord } from "../catalog/records.ts";
import type { Decision } from "../planning/decisions.ts";
import type { LoopParts } from "./loop-parts.ts";

/** A transaction of so many takes some ten milliseconds; heartbeats of others wait no longer than that. */
const decisionsPerBatch = 250;

/**
 * Gives the tasks that were leased. Decisions of one asset stay in their order.
 * @param snapshot tells which asset a task belongs to; not needed for decisions that name the asset
 */
export async function applyAll(
  { catalog, clock, changes }: Pick<LoopParts, "catalog" | "clock" | "changes">,
  decisions: readonly Decision[],
  snapshot: Pick<Snapshot, "assets"> = { assets: [] },
): Promise<TaskRecord[]> {
  const leased: TaskRecord[] = [];
  for (let from = 0; from < decisions.length; from += decisionsPerBatch) {
    const batch = decisions.slice(from, from + decisionsPerBatch);
    const { term } = catalog.identity;
    leased.push(...(await catalog.commands.applyDecisions({ decisions: batch, term, at: clock.now() })));
  }
  if (decisions.length > 0) changes.announce({ kind: "catalog", assetIds: assetsOf(decisions, snapshot) });
  return leased;
}

// Empty, which says that any asset may be concerned, when nodes are.
function assetsOf(decisions: readonly Decision[], snapshot: Pick<Snapshot, "assets">): AssetId[] {
  const assetOfTask = new Map<TaskId, AssetId>(
    snapshot.assets.flatMap((view) => view.openTasks.map((task) => [task.id, task.assetId] as const)),
  );
  const assets = new Set<AssetId>();
  for (const decision of decisions) {
    if ("nodeId" in decision && !("taskId" in decision)) return [];
    const assetId = assetOf(decision, assetOfTask);
    if (assetId !== undefined) assets.add(assetId);
  }
  return [...assets];
}

function assetOf(decision: Decision, assetOfTask: ReadonlyMap<TaskId, AssetId>): AssetId | undefined {
  if ("assetId" in decision) return decision.assetId;
  if ("task" in decision) return decision.task.assetId;
  return "taskId" in decision ? assetOfTask.get(decision.taskId) : undefined;
}
