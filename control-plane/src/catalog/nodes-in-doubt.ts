// Which copies do not count now, whatever is known of them.
import type { Db } from "./tables.ts";

/** A subquery: nodes whose copies do not count now. */
export function nodesInDoubt(db: Db) {
  return db
    .selectFrom("nodes")
    .select("nodes.id")
    .where((eb) => eb.or([eb("nodes.health", "=", "down"), eb("nodes.copies_trusted", "=", 0)]));
}
