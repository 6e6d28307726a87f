// Assets in pages. First only which ones, which an index alone tells; then these whole: their rows are large.
import { sql } from "kysely";
import type { AssetId } from "@vstream/core/ids.ts";
import type { AssetSummary, ListQuery, Page } from "./catalog.ts";
import { summarize } from "./asset-summary.ts";
import { subjectsByLabel } from "./labels.ts";
import { checkStates, containing, planPage } from "./list-page.ts";
import type { ListOrder, PagePlan } from "./list-page.ts";
import type { AssetState } from "./records.ts";
import type { AssetRow, Db } from "./tables.ts";

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

type AssetsQuery = ListQuery & { search: string };

/**
 * nodeId: the assets that this node is a home of. search: words that all have to be there, in any order and case, each
 * anywhere in the title, source name, id, external id or labels.
 */
export async function listAssets(db: Db, query: AssetsQuery): Promise<Page<AssetSummary>> {
  const page = planPage(order, query);
  const found = await findIds(db, query, page);
  const { items, nextCursor } = page.cut(found);
  return { items: await summarize(db, await rowsInOrder(db, items)), nextCursor };
}

type Found = { readonly id: AssetId } & Record<string, unknown>;

async function findIds(db: Db, query: AssetsQuery, page: PagePlan): Promise<Found[]> {
  const wanted = checkStates("assets", query.states, states);
  let rows = db
    .selectFrom("assets")
    .select(["id", sql.ref(page.column).as(page.column)])
    .where(page.after)
    .orderBy(page.orderBy)
    .limit(page.rows);
  if (wanted.length > 0) rows = rows.where(isIn(wanted, page));
  if (query.nodeId !== null) {
    rows = rows.where("id", "in", db.selectFrom("asset_homes").select("asset_id").where("node_id", "=", query.nodeId));
  }
  for (const labelled of subjectsByLabel(db, query.labels)) rows = rows.where("id", "in", labelled);
  const words = query.search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length > 0) rows = rows.where("id", "in", withWords(db, words));
  return await rows.execute();
}

// An index that begins with the state would be taken also where another one gives the order, and nearly all assets
// are in one state. As an expression the state is only looked at.
function isIn(wanted: readonly AssetState[], page: PagePlan) {
  const list = sql.join(wanted);
  const ordered = page.column === "created_at" || page.column === "state";
  return ordered ? sql<boolean>`state in (${list})` : sql<boolean>`coalesce(state, '') in (${list})`;
}

function withWords(db: Db, words: readonly string[]) {
  let named = db.selectFrom("assets as named").select("named.id");
  for (const word of words) {
    named = named.where(sql<boolean>`named.search_text like ${containing(word)} escape '\\'`);
  }
  return named;
}

async function rowsInOrder(db: Db, found: readonly Found[]): Promise<AssetRow[]> {
  if (found.length === 0) return [];
  const ids = found.map((row) => row.id);
  const rows = await db.selectFrom("assets").selectAll().where("id", "in", ids).execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
