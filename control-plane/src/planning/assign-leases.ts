// Which open task goes to which node now. Higher priority first, then playing order, so that the first chunk of every
// asset and its audio come before the second chunk of any; copies that restore what a finished asset has lost have an
// order and a budget of their own. Tasks that find no free node wait for the next look.
import type { NodeId, TaskId } from "@vstream/core/ids.ts";
import type { Work } from "@vstream/core/media.ts";
import type { AssetView, TaskRecord } from "../catalog/records.ts";
import { readAsset } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { bestOf, candidatesForTask } from "./choose-node.ts";
import { readCluster } from "./cluster.ts";
import type { Cluster, PlanInput } from "./cluster.ts";
import { isDue } from "./decisions.ts";
import { factsFor } from "./edition-facts.ts";
import { EncodeSites } from "./encode-sites.ts";
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
  return [...assignInTurn(input)].flat();
}

/** The same in small steps, most of which give nothing, for who has to do something else in between. */
export function* assignInTurn(input: LeaseInput): Generator<readonly Assignment[]> {
  const cluster = readCluster(input);
  const reachable = cluster.nodes.filter((node) => node.health === "up" && input.connected.has(node.id));
  const lanes = new NodeLanes(input.snapshot, reachable);
  const due: DueTask[] = [];
  for (const view of input.snapshot.assets) {
    due.push(...dueTasks(view, cluster, lanes));
    yield [];
  }
  due.sort(inTurn);
  const { failedOn } = input;
  const ground = { cluster, failedOn, lanes, repair: new RepairBudget(input, due), sites: new EncodeSites(cluster) };
  for (const one of due) yield assign(one, ground);
}

/** When the next of the tasks that wait for a time may run; null: none waits. */
export function nextDueAt(input: PlanInput): number | null {
  let next: number | null = null;
  for (const { openTasks } of input.snapshot.assets) {
    for (const { notBefore, state } of openTasks) {
      if (state !== "leased" && notBefore > input.snapshot.at) next = Math.min(next ?? notBefore, notBefore);
    }
  }
  return next;
}

interface Ground {
  readonly cluster: Cluster;
  readonly failedOn: ReadonlyMap<TaskId, NodeId>;
  readonly lanes: NodeLanes;
  readonly repair: RepairBudget;
  readonly sites: EncodeSites;
}

interface DueTask {
  readonly task: TaskRecord;
  readonly facts: AssetFacts;
  readonly urgency: Urgency;
}

// Only what some node has room for: in a busy cluster that is little of what waits.
function dueTasks(view: AssetView, cluster: Cluster, lanes: NodeLanes): DueTask[] {
  const due = view.openTasks.filter(
    (task) => task.state !== "leased" && isDue(task.notBefore, cluster.at) && hasPlace(task, lanes),
  );
  if (due.length === 0) return [];
  const facts = readAsset(view, cluster);
  return due.map((task) => ({ task, facts: factsFor(task, facts), urgency: urgencyOf(task, facts) }));
}

function hasPlace(task: TaskRecord, lanes: NodeLanes): boolean {
  return hasFixedPlace(task) ? lanes.hasRoom(task.nodeId, task) : lanes.withRoom(task).size > 0;
}

function hasFixedPlace(task: TaskRecord): task is TaskRecord & { nodeId: NodeId } {
  return task.nodeId !== null && (task.kind === "replicate" || task.kind === "discard" || task.kind === "verify");
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

function assign({ task, facts, urgency }: DueTask, { cluster, failedOn, lanes, repair, sites }: Ground): Assignment[] {
  const able = candidatesForTask(task, { facts, cluster, lanes, sites });
  const allowed = urgency.isRepair ? able.filter((node) => repair.allows(node.id)) : able;
  const best = bestOf(allowed, { task, facts, lanes, failedOn: failedOn.get(task.id) });
  const work = best === undefined ? null : workFor(task, { facts, cluster, nodeId: best.id });
  if (best === undefined || work === null) return [];
  lanes.take(best.id, task.kind);
  if (urgency.isRepair) repair.take(best.id);
  if (task.kind === "transcode" || task.kind === "audio") sites.begun(facts, best);
  return [{ task, nodeId: best.id, work }];
}
