// Which open task goes to which node now. Higher priority first, then playing order, so that the first chunk of every
// asset and its audio come before the second chunk of any; copies that restore what a finished asset has lost have an
// order and a budget of their own. Tasks that find no free node wait for the next look.
import type { NodeId, TaskId } from "@vstream/core/ids.ts";
import type { Work } from "@vstream/core/media.ts";
import type { TaskRecord } from "../catalog/records.ts";
import { readAsset } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { candidatesForTask, scoreFor } from "./choose-node.ts";
import { toolchainFor } from "./choose-toolchain.ts";
import { isSchedulable, readCluster } from "./cluster.ts";
import type { Cluster, PlanInput } from "./cluster.ts";
import { isDue } from "./decisions.ts";
import { NodeLanes } from "./node-lanes.ts";
import { RepairBudget, urgencyOf } from "./repair-budget.ts";
import type { Urgency } from "./repair-budget.ts";
import { workFor } from "./work-for.ts";

export interface LeaseInput extends PlanInput {
  /** Nodes that a grant can reach. */
  readonly connected: ReadonlySet<NodeId>;
  /** Where a task failed last: another node is tried first. */
  readonly failedOn: ReadonlyMap<TaskId, NodeId>;
}

export interface Assignment {
  readonly task: TaskRecord;
  readonly nodeId: NodeId;
  readonly work: Work;
}

export function assignLeases(input: LeaseInput): Assignment[] {
  const cluster = readCluster(input);
  const able = cluster.nodes.filter((node) => isSchedulable(node) && input.connected.has(node.id));
  const due = input.snapshot.assets
    .map((view) => readAsset(view, cluster))
    .flatMap((facts) => dueTasks(facts, cluster.at))
    .toSorted(inTurn);
  const ground: Ground = {
    ...input,
    cluster,
    lanes: new NodeLanes(input.snapshot, able),
    repair: new RepairBudget(input, due),
    toolchains: new Map(),
  };
  return due.flatMap((one) => assign(one, ground) ?? []);
}

/** When the next of the tasks that wait for a time may run; null: none waits. */
export function nextDueAt(input: PlanInput): number | null {
  const later = input.snapshot.assets
    .flatMap((view) => view.openTasks)
    .filter((task) => task.state !== "leased" && task.notBefore > input.snapshot.at)
    .map((task) => task.notBefore);
  return later.length === 0 ? null : Math.min(...later);
}

interface Ground {
  readonly cluster: Cluster;
  readonly connected: ReadonlySet<NodeId>;
  readonly failedOn: ReadonlyMap<TaskId, NodeId>;
  readonly lanes: NodeLanes;
  readonly repair: RepairBudget;
  /** Of assets whose first work was assigned in this very round. */
  readonly toolchains: Map<string, string>;
}

interface DueTask {
  readonly task: TaskRecord;
  readonly facts: AssetFacts;
  readonly urgency: Urgency;
}

function dueTasks(facts: AssetFacts, at: number): DueTask[] {
  return facts.view.openTasks
    .filter((task) => task.state !== "leased" && isDue(task.notBefore, at))
    .map((task) => ({ task, facts, urgency: urgencyOf(task, facts) }));
}

function inTurn(one: DueTask, other: DueTask): number {
  return (
    one.urgency.step - other.urgency.step ||
    one.urgency.copies - other.urgency.copies ||
    other.task.priority - one.task.priority ||
    one.task.rank - other.task.rank ||
    one.task.createdAt - other.task.createdAt ||
    (one.task.id < other.task.id ? -1 : 1)
  );
}

function assign({ task, facts, urgency }: DueTask, ground: Ground): Assignment | null {
  const { cluster, lanes, repair } = ground;
  const encodes = task.kind === "transcode" || task.kind === "audio";
  const toolchain = encodes ? (ground.toolchains.get(facts.asset.id) ?? toolchainFor(facts, cluster)) : null;
  const best = candidatesForTask(task, { facts, cluster, toolchain })
    .filter((node) => ground.connected.has(node.id) && lanes.hasRoom(node, task))
    .filter((node) => !urgency.isRepair || repair.allows(node.id))
    .map((node) => ({ node, score: scoreFor(node, { task, facts, lanes, failedOn: ground.failedOn.get(task.id) }) }))
    .toSorted((one, other) => one.score - other.score)[0]?.node;
  if (best === undefined) return null;
  const work = workFor(task, { facts, cluster, nodeId: best.id });
  if (work === null) return null;
  lanes.take(best.id, task.kind);
  if (urgency.isRepair) repair.take(best.id);
  if (encodes) ground.toolchains.set(facts.asset.id, toolchain ?? best.toolchain);
  return { task, nodeId: best.id, work };
}
