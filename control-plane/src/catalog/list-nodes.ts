// Nodes in pages.
import type { ListQuery, Page } from "./catalog.ts";
import { subjectsByLabel } from "./labels.ts";
import { checkStates, planPage } from "./list-page.ts";
import type { ListOrder } from "./list-page.ts";
import { toNodeRecord } from "./nodes.ts";
import type { NodeRecord } from "./records.ts";
import type { Db } from "./tables.ts";

/** Sort fields: name (unless told otherwise), region, zone, health, scheduling, joinedAt, lastSeenAt, usedBytes, capacityBytes. */
const order: ListOrder = {
  list: "nodes",
  fields: {
    name: "name",
    region: "region",
    zone: "zone",
    health: "health",
    scheduling: "scheduling",
    joinedAt: "joined_at",
    lastSeenAt: "last_seen_at",
    usedBytes: "used_bytes",
    capacityBytes: "capacity_bytes",
  },
  usual: "name",
  id: "id",
};

const healths = ["up", "suspect", "down"] as const;
const schedulings = ["active", "cordoned", "draining", "drained"] as const;

/** states: of health, of scheduling, or of both, which then both must fit. */
export async function listNodes(db: Db, query: ListQuery): Promise<Page<NodeRecord>> {
  const page = planPage(order, query);
  const states = checkStates("nodes", query.states, [...healths, ...schedulings]);
  const health = healths.filter((state) => states.includes(state));
  const scheduling = schedulings.filter((state) => states.includes(state));
  let rows = db.selectFrom("nodes").selectAll().where(page.after).orderBy(page.orderBy).limit(page.rows);
  if (health.length > 0) rows = rows.where("health", "in", health);
  if (scheduling.length > 0) rows = rows.where("scheduling", "in", scheduling);
  if (query.nodeId !== null) rows = rows.where("id", "=", query.nodeId);
  for (const labelled of subjectsByLabel(db, query.labels)) rows = rows.where("id", "in", labelled);
  const { items, nextCursor } = page.cut(await rows.execute());
  return { items: items.map(toNodeRecord), nextCursor };
}
