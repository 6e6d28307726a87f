// What a node is wanted for: cordon, drain and their ends; and taking a node out of the cluster.
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Actor, CatalogCommands } from "./catalog.ts";
import { cancelOpenTask, loseLease } from "./end-task.ts";
import { writeEvent } from "./events.ts";
import { forgetHome } from "./homes.ts";
import { forgetPin } from "./pins.ts";
import { removeLabels } from "./labels.ts";
import { hasLastCopy } from "./last-copy.ts";
import { requireNode, toNodeRecord, updateNode } from "./nodes.ts";
import type { NodeRecord, Scheduling } from "./records.ts";
import { unsettleDegraded, unsettleHoldersOf, unsettleHomesOf } from "./settling.ts";
import type { Db, NodeRow } from "./tables.ts";
import { hasFixedNode, openStates } from "./tasks.ts";

const eventKinds: Record<Scheduling, string> = {
  active: "node.uncordoned",
  cordoned: "node.cordoned",
  draining: "node.draining",
  drained: "node.drained",
};

export async function setScheduling(
  db: Db,
  change: Parameters<CatalogCommands["setScheduling"]>[0],
): Promise<NodeRecord> {
  const node = await requireNode(db, change.nodeId);
  const deadline = { drain_deadline_at: change.drainDeadlineAt, on_deadline: change.onDeadline };
  await updateNode(db, node.id, deadline);
  await changeScheduling(db, node, { to: change.scheduling, at: change.at, actor: change.actor });
  return toNodeRecord(await requireNode(db, node.id));
}

/** Nothing when it is so already. */
export async function changeScheduling(
  db: Db,
  node: NodeRow,
  change: { to: Scheduling; at: number; actor: Actor },
): Promise<void> {
  const { to, at, actor } = change;
  if (node.scheduling === to) return;
  await updateNode(db, node.id, { scheduling: to });
  await unsettleHomesOf(db, node.id);
  if (to === "active") await unsettleDegraded(db);
  // A drain that is called off leaves copies that are too many now.
  if (to === "active" || to === "cordoned") await unsettleHoldersOf(db, node.id);
  const message = `${node.name} is ${to}; it was ${node.scheduling}`;
  await writeEvent(db, { at, kind: eventKinds[to], subject: node.name, actor, message });
}

export async function removeNode(
  db: Db,
  { nodeId, force, at, actor }: { nodeId: NodeId; force: boolean; at: number; actor: Actor },
): Promise<NodeRecord> {
  const node = await requireNode(db, nodeId);
  if (!force) await checkUnused(db, node);
  await releaseTasks(db, node, { at, actor });
  await unsettleHoldersOf(db, nodeId);
  await unsettleHomesOf(db, nodeId);
  await forgetHome(db, nodeId);
  await forgetPin(db, nodeId);
  await removeLabels(db, nodeId);
  // Its copies go with the row.
  await db.deleteFrom("nodes").where("id", "=", nodeId).execute();
  const message = `${node.name} was removed${force ? " by force" : ""}`;
  await writeEvent(db, { at, kind: "node.removed", subject: node.name, actor, message });
  return toNodeRecord(node);
}

async function checkUnused(db: Db, node: NodeRow): Promise<void> {
  const uses = await countUses(db, node.id);
  const holds = node.scheduling !== "drained" && uses.copies > 0;
  const isUnused = uses.homes === 0 && uses.leases === 0 && !holds;
  // A node that was emptied may have become the only holder since, when others went down.
  if (isUnused && (await hasLastCopy(db, node.id))) throw onlyHolder(node);
  if (isUnused) return;
  throw new VsError(
    "conflict",
    `${node.name} is still a home of ${uses.homes} asset(s), holds ${uses.copies} copies and runs ${uses.leases} task(s)`,
    { hint: `Move them away first: vsctl nodes drain ${node.name}; or remove it all the same with --force` },
  );
}

function onlyHolder({ name }: NodeRow): VsError {
  return new VsError("conflict", `${name} is drained, but holds something of which there is no other copy now`, {
    hint: `Bring back the nodes that are down, or see what is concerned: vsctl nodes impact ${name}; --force loses it`,
  });
}

async function countUses(db: Db, nodeId: NodeId): Promise<{ homes: number; copies: number; leases: number }> {
  return await db
    .selectNoFrom((eb) => [
      eb
        .selectFrom("asset_homes")
        .select((one) => one.fn.countAll<number>().as("n"))
        .where("node_id", "=", nodeId)
        .$asScalar()
        .$notNull()
        .as("homes"),
      eb
        .selectFrom("replicas")
        .select((one) => one.fn.countAll<number>().as("n"))
        .where("node_id", "=", nodeId)
        .where("state", "=", "verified")
        .$asScalar()
        .$notNull()
        .as("copies"),
      eb
        .selectFrom("tasks")
        .select((one) => one.fn.countAll<number>().as("n"))
        .where("node_id", "=", nodeId)
        .where("state", "=", "leased")
        .$asScalar()
        .$notNull()
        .as("leases"),
    ])
    .executeTakeFirstOrThrow();
}

async function releaseTasks(db: Db, node: NodeRow, change: { at: number; actor: Actor }): Promise<void> {
  const tasks = await db
    .selectFrom("tasks")
    .selectAll()
    .where("node_id", "=", node.id)
    .where("state", "in", openStates)
    .execute();
  const reason = `${node.name} was removed`;
  for (const task of tasks) {
    if (hasFixedNode(task)) await cancelOpenTask(db, task, { reason, ...change });
    else await loseLease(db, task, { reason, at: change.at });
  }
}
