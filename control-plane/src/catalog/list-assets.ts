// Assets in pages.
import type { ListQuery, Page, AssetSummary } from "./catalog.ts";
import { summarize } from "./asset-summary.ts";
import { subjectsByLabel } from "./labels.ts";
import { checkStates, containing, planPage } from "./list-page.ts";
import type { ListOrder } from "./list-page.ts";
import type { Db } from "./tables.ts";
import { sql } from "kysely";

/** Sort fields: createdAt (newest first unless told otherwise), title, state, priority, sourceBytes. */
const order: ListOrder = {
  list: "assets",
  fields: {
    createdAt: "created_at",
    title: "title",
    state: "state",
    priority: "priority",
    sourceBytes: "source_bytes",
  },
  usual: "-createdAt",
  id: "id",
};

const states = ["uploading", "processing", "playable", "ready", "failed", "deleting"] as const;

/** nodeId: the assets that this node is a home of. search: in title, source name and id, whatever the case. */
export async function listAssets(db: Db, query: ListQuery & { search: string }): Promise<Page<AssetSummary>> {
  const page = planPage(order, query);
  const wanted = checkStates("assets", query.states, states);
  let rows = db.selectFrom("assets").selectAll().where(page.after).orderBy(page.orderBy).limit(page.rows);
  if (wanted.length > 0) rows = rows.where("state", "in", wanted);
  if (query.nodeId !== null) {
    rows = rows.where("id", "in", db.selectFrom("asset_homes").select("asset_id").where("node_id", "=", query.nodeId));
  }
  for (const labelled of subjectsByLabel(db, query.labels)) rows = rows.where("id", "in", labelled);
  if (query.search !== "") {
    rows = rows.where(sql<boolean>`search_text like ${containing(query.search.toLowerCase())} escape '\\'`);
  }
  const { items, nextCursor } = page.cut(await rows.execute());
  return { items: await summarize(db, items), nextCursor };
}
