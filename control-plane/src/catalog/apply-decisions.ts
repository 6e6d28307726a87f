// Applies what planning decided, in order and in one transaction. Each decision is held against what is true by now;
// one that came too late changes nothing.
import { unreachable } from "@vstream/core/errors.ts";
import type { Decision } from "../planning/decisions.ts";
import { applyToAsset } from "./asset-decisions.ts";
import { forgetAsset } from "./trash.ts";
import { checkTerm } from "./identity.ts";
import { nodeRow, setHealth } from "./nodes.ts";
import type { TaskRecord } from "./records.ts";
import { hasLastCopy } from "./last-copy.ts";
import { changeScheduling } from "./scheduling.ts";
import { settle } from "./settling.ts";
import type { Db } from "./tables.ts";
import { applyCancel, applyCreate, applyExpiry, applyLease } from "./task-decisions.ts";

/** @throws VsError conflict when the term is not the catalog's */
export async function applyDecisions(
  db: Db,
  batch: { decisions: readonly Decision[]; term: number; at: number },
): Promise<TaskRecord[]> {
  await checkTerm(db, batch.term);
  const leased: TaskRecord[] = [];
  for (const decision of batch.decisions) {
    const task = await applyDecision(db, decision, batch.at);
    if (task !== null) leased.push(task);
  }
  return leased;
}

// Gives the task that was leased.
async function applyDecision(db: Db, decision: Decision, at: number): Promise<TaskRecord | null> {
  switch (decision.kind) {
    case "lease-task":
      return await applyLease(db, decision, at);
    case "create-task":
      await applyCreate(db, decision.task, at);
      return null;
    case "cancel-task":
      await applyCancel(db, decision, at);
      return null;
    case "expire-lease":
      await applyExpiry(db, decision, at);
      return null;
    case "set-homes":
    case "move-home":
    case "set-extra-replicas":
    case "set-plan":
    case "set-next-plan":
    case "drop-hevc":
    case "adopt-edition":
    case "give-up-edition":
    case "retire-edition":
    case "forget-editions":
    case "drop-piece":
    case "release-chunks":
    case "set-asset-state":
    case "set-measured":
      await applyToAsset(db, decision, at);
      return null;
    case "settle-asset":
      await settle(db, decision.assetId, decision.manifestVersion);
      return null;
    case "forget-asset":
      await forgetAsset(db, decision.assetId, at);
      return null;
    case "set-node-health":
      await applyHealth(db, decision, at);
      return null;
    case "set-scheduling":
      await applyScheduling(db, decision, at);
      return null;
    default:
      return unreachable(decision);
  }
}

type DecisionOf<Kind extends Decision["kind"]> = Extract<Decision, { kind: Kind }>;

// A session may have opened since the look: what was silence then is none now.
async function applyHealth(db: Db, decision: DecisionOf<"set-node-health">, at: number): Promise<void> {
  const { nodeId, health, since } = decision;
  const node = await nodeRow(db, nodeId);
  if (node?.health_since === since) await setHealth(db, node, { health, at });
}

async function applyScheduling(db: Db, { nodeId, from, to }: DecisionOf<"set-scheduling">, at: number): Promise<void> {
  const node = await nodeRow(db, nodeId);
  if (node?.scheduling !== from) return;
  // The snapshot behind it may not have held every asset, and several nodes may be emptied at the same time.
  if (to === "drained" && (await hasLastCopy(db, nodeId))) return;
  await changeScheduling(db, node, { to, at, actor: "vstream" });
}
