// Tasks in pages.
import type { AssetId } from "@vstream/core/ids.ts";
import type { ListQuery, Page } from "./catalog.ts";
import { subjectsByLabel } from "./labels.ts";
import { checkStates, planPage } from "./list-page.ts";
import type { ListOrder } from "./list-page.ts";
import type { TaskRecord } from "./records.ts";
import type { Db } from "./tables.ts";
import { toTaskRecord } from "./tasks.ts";

/** Sort fields: createdAt (newest first unless told otherwise), kind, state, priority, attempt, assetId. */
const order: ListOrder = {
  list: "tasks",
  fields: {
    createdAt: "created_at",
    kind: "kind",
    state: "state",
    priority: "priority",
    attempt: "attempt",
    assetId: "asset_id",
  },
  usual: "-createdAt",
  id: "id",
};

const states = ["pending", "leased", "waiting", "succeeded", "dead", "cancelled"] as const;

/** labels: of the task's asset. */
export async function listTasks(db: Db, query: ListQuery & { assetId: AssetId | null }): Promise<Page<TaskRecord>> {
  const page = planPage(order, query);
  const wanted = checkStates("tasks", query.states, states);
  let rows = db.selectFrom("tasks").selectAll().where(page.after).orderBy(page.orderBy).limit(page.rows);
  if (wanted.length > 0) rows = rows.where("state", "in", wanted);
  if (query.nodeId !== null) rows = rows.where("node_id", "=", query.nodeId);
  if (query.assetId !== null) rows = rows.where("asset_id", "=", query.assetId);
  for (const labelled of subjectsByLabel(db, query.labels)) rows = rows.where("asset_id", "in", labelled);
  const { items, nextCursor } = page.cut(await rows.execute());
  return { items: items.map(toTaskRecord), nextCursor };
}
