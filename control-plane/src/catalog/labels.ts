// Labels of assets and nodes in a form that lists can be filtered by.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Db } from "./tables.ts";

/** The most that one asset or node has. */
export const mostLabels = 32;

/** Puts the given labels in the place of those that the subject had. */
export async function setLabels(
  db: Db,
  subjectId: AssetId | NodeId,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  await removeLabels(db, subjectId);
  const rows = Object.entries(labels).map(([name, value]) => ({ subject_id: subjectId, name, value }));
  if (rows.length > 0) await db.insertInto("labels").values(rows).execute();
}

export async function removeLabels(db: Db, subjectId: AssetId | NodeId): Promise<void> {
  await db.deleteFrom("labels").where("subject_id", "=", subjectId).execute();
}

/**
 * One subquery for each label: ids of the subjects that carry it. A list's item must be in all of them.
 * Cast, because an id of one kind is never equal to one of the other.
 */
export function subjectsByLabel(db: Db, labels: Readonly<Record<string, string>>) {
  return Object.entries(labels).map(([name, value]) =>
    db
      .selectFrom("labels")
      .select("subject_id")
      .where("name", "=", name)
      .where("value", "=", value)
      .$castTo<{ subject_id: never }>(),
  );
}
