// What is past its time: finished tasks with their logs, old events. A bounded amount in one call, so that others get
// their turn.
import type { Db } from "./tables.ts";

export const rowsPerPrune = 1000;

/** How many rows went; when it is rowsPerPrune or more, there may be more to do. */
export async function prune(db: Db, before: { tasksFinishedBefore: number; eventsBefore: number }): Promise<number> {
  const tasks = await db
    .deleteFrom("tasks")
    .where("id", "in", (eb) =>
      eb
        .selectFrom("tasks")
        .select("id")
        .where("finished_at", "is not", null)
        .where("finished_at", "<", before.tasksFinishedBefore)
        .where("state", "in", ["succeeded", "dead", "cancelled"])
        .orderBy("finished_at")
        .limit(rowsPerPrune),
    )
    .executeTakeFirst();
  const events = await db
    .deleteFrom("events")
    .where("id", "in", (eb) =>
      eb.selectFrom("events").select("id").where("at", "<", before.eventsBefore).orderBy("id").limit(rowsPerPrune),
    )
    .executeTakeFirst();
  return Number(tasks.numDeletedRows + events.numDeletedRows);
}
