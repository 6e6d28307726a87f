// What happened, for operators: written in the transaction of the change itself.
import type { Actor, EventQuery } from "./catalog.ts";
import type { EventRecord } from "./records.ts";
import type { Db } from "./tables.ts";

export type NewEvent = Omit<EventRecord, "id"> & { readonly actor: Actor };

/** Longest message that is kept. */
export const eventMessageLength = 2000;

/** The most events that one call of listEvents gives. */
export const eventsPerCall = 1000;

/** Longest kind, subject and actor of an event that comes from outside of the catalog. */
const eventWordLength = 200;

export async function recordEvent(db: Db, { at, kind, subject, actor, message }: NewEvent): Promise<void> {
  const cut = (word: string): string => word.slice(0, eventWordLength);
  await writeEvent(db, { at, kind: cut(kind), subject: cut(subject), actor: cut(actor), message });
}

export async function writeEvent(db: Db, event: NewEvent): Promise<void> {
  const { at, kind, subject, actor } = event;
  const message = event.message.slice(0, eventMessageLength);
  await db.insertInto("events").values({ at, kind, subject, actor, message }).execute();
}

export async function listEvents(db: Db, query: EventQuery): Promise<readonly EventRecord[]> {
  let rows = db.selectFrom("events").select(["id", "at", "kind", "subject", "actor", "message"]);
  if (query.afterId !== null) rows = rows.where("id", ">", query.afterId);
  if (query.since !== null) rows = rows.where("at", ">=", query.since);
  const limit = Math.min(Math.max(query.limit, 1), eventsPerCall);
  if (query.newest !== true) return await rows.orderBy("id").limit(limit).execute();
  return (await rows.orderBy("id", "desc").limit(limit).execute()).toReversed();
}
