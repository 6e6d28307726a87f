// What is past its time: finished tasks with their logs, old events. A bounded amount in one call, so that others get
// their turn.
import { extraKinds } from "../planning/asset-facts.ts";
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
        // That a piece was given up is known by its dead task, as long as its asset is there.
        .where((eb) =>
          eb.or([
            eb("state", "<>", "dead"),
            eb("kind", "not in", extraKinds),
            eb("asset_id", "not in", db.selectFrom("assets").select("assets.id")),
          ]),
        )
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
