// Lists in pages: a page goes on after the last item of the one before (keyset), so that items which come or go
// meanwhile neither repeat nor hide others. The cursor is opaque to clients and checked when it comes back.
import { sql } from "kysely";
import type { RawBuilder } from "kysely";
// The small one: the catalog threads load their own copy, and the whole of zod costs ten megabytes in each.
import * as z from "zod/mini";
import { VsError } from "@vstream/core/errors.ts";
import type { ListQuery, Page } from "./catalog.ts";

export const pageLimit = 500;

/** A list's sort fields and the (never null) column behind each; each list documents its own. */
export interface ListOrder {
  readonly list: string;
  readonly fields: Readonly<Record<string, string>>;
  /** A field, with "-" before it for descending. */
  readonly usual: string;
  /** A unique column, which settles ties. */
  readonly id: string;
}

export interface PagePlan {
  /** The column that the list is sorted by. The rows to be cut must have it, and the id. */
  readonly column: string;
  /** Add to the query: what stands after the cursor, in this order, at most this many rows. */
  readonly after: RawBuilder<boolean>;
  readonly orderBy: RawBuilder<unknown>;
  readonly rows: number;
  /** Cuts the rows that the query gave into a page. */
  readonly cut: <Row extends object>(rows: readonly Row[]) => Page<Row>;
}

const cursorShape = z.strictObject({
  sort: z.string(),
  value: z.union([z.string(), z.number()]),
  id: z.string(),
});
type Cursor = z.infer<typeof cursorShape>;

/** @throws VsError invalid_argument for a limit, sort field or cursor that cannot be */
export function planPage(order: ListOrder, query: Pick<ListQuery, "limit" | "cursor" | "sort">): PagePlan {
  const sort = query.sort ?? order.usual;
  const descending = sort.startsWith("-");
  const column = columnFor(order, descending ? sort.slice(1) : sort);
  const limit = checkLimit(query.limit);
  const cursor = query.cursor === null ? null : readCursor(query.cursor, sort);
  const direction = sql.raw(descending ? "desc" : "asc");
  const [field, id] = [sql.ref(column), sql.ref(order.id)];
  return {
    column,
    after: cursor === null ? sql<boolean>`1 = 1` : standsAfter({ field, id, descending }, cursor),
    orderBy: sql`${field} ${direction}, ${id} ${direction}`,
    rows: limit + 1,
    cut: (rows) => cutPage(rows, { limit, sort, column, id: order.id }),
  };
}

/** A pattern for LIKE … ESCAPE '\' that finds the text anywhere. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, (special) => `\\${special}`)}%`;
}

/** @throws VsError invalid_argument when a state is not one of those that the list knows */
export function checkStates<State extends string>(
  list: string,
  given: readonly string[],
  known: readonly State[],
): State[] {
  return given.map((state) => {
    const found = known.find((candidate) => candidate === state);
    if (found !== undefined) return found;
    throw new VsError("invalid_argument", `${list} have no state "${state}"`, {
      hint: `The states are: ${known.join(", ")}`,
    });
  });
}

function columnFor(order: ListOrder, field: string): string {
  const column = Object.hasOwn(order.fields, field) ? order.fields[field] : undefined;
  if (column !== undefined) return column;
  throw new VsError("invalid_argument", `${order.list} cannot be sorted by "${field}"`, {
    hint: `Sort by one of: ${Object.keys(order.fields).join(", ")}; put - before it for descending`,
  });
}

function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= pageLimit) return limit;
  throw new VsError("invalid_argument", `a page of ${String(limit)} items cannot be had`, {
    hint: `Ask for 1 to ${pageLimit}`,
  });
}

interface Place {
  readonly field: RawBuilder<unknown>;
  readonly id: RawBuilder<unknown>;
  readonly descending: boolean;
}

function standsAfter({ field, id, descending }: Place, { value, id: lastId }: Cursor): RawBuilder<boolean> {
  const beyond = sql.raw(descending ? "<" : ">");
  // A comparison of rows, which an index on both is sought by.
  return sql<boolean>`(${field}, ${id}) ${beyond} (${value}, ${lastId})`;
}

function cutPage<Row extends object>(
  rows: readonly Row[],
  page: { limit: number; sort: string; column: string; id: string },
): Page<Row> {
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  if (last === undefined || rows.length <= page.limit) return { items, nextCursor: null };
  const columns = new Map<string, unknown>(Object.entries(last));
  const cursor = cursorShape.parse({ sort: page.sort, value: columns.get(page.column), id: columns.get(page.id) });
  return { items, nextCursor: Buffer.from(JSON.stringify(cursor)).toString("base64url") };
}

function readCursor(text: string, sort: string): Cursor {
  const cursor = cursorShape.safeParse(parseOrNull(text));
  if (cursor.success && cursor.data.sort === sort) return cursor.data;
  throw new VsError("invalid_argument", "this cursor belongs to no list in this order", {
    hint: "Begin again without a cursor, and keep the sort order from page to page",
  });
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    return null;
  }
}
