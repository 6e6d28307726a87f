// Who this catalog is (its incarnation) and how often it was opened for scheduling (the term): the two outer parts of
// every lease's fence.
import { randomUUID } from "node:crypto";
import { VsError } from "@vstream/core/errors.ts";
import type { CatalogIdentity } from "./catalog.ts";
import { writeEvent } from "./events.ts";
import type { Db } from "./tables.ts";

export async function createIdentity(db: Db, at: number): Promise<void> {
  await db.insertInto("identity").values({ id: 1, incarnation: randomUUID(), term: 0, created_at: at }).execute();
}

/** Begins a new term. */
export async function beginTerm(db: Db, at: number): Promise<CatalogIdentity> {
  const identity = await db
    .updateTable("identity")
    .set((eb) => ({ term: eb("term", "+", 1) }))
    .returning(["incarnation", "term"])
    .executeTakeFirstOrThrow();
  await writeEvent(db, {
    at,
    kind: "catalog.opened",
    subject: identity.incarnation,
    actor: "vstream",
    message: `the control plane opened the catalog for term ${identity.term}`,
  });
  return identity;
}

export async function readIdentity(db: Db): Promise<CatalogIdentity> {
  return await db.selectFrom("identity").select(["incarnation", "term"]).executeTakeFirstOrThrow();
}

/** @throws VsError conflict when another scheduler has taken over */
export async function checkTerm(db: Db, term: number): Promise<void> {
  const identity = await readIdentity(db);
  if (identity.term === term) return;
  throw new VsError("conflict", `decisions of term ${term} came in term ${identity.term}`, {
    hint: "Another control plane schedules now; this one has to stop",
  });
}
