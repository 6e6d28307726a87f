// Copies that restore, or move, what finished assets have. They are made in the order of need: a piece with one copy
// left comes before everything, whatever its asset's priority, because what is lost is lost for every viewer; the
// others come after the copies that somebody who ingests waits for. Neither can starve the other: all such copies
// share one budget of the whole cluster, and leave one lane of a node to the copies of assets that are being made.
import type { NodeId } from "@vstream/core/ids.ts";
import type { TaskRecord } from "../catalog/records.ts";
import { copiesOf, isBeingMade, isOfOther, makesOther } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import type { PlanInput } from "./cluster.ts";
import { copiesAtOnce } from "./node-lanes.ts";

export interface Urgency {
  readonly isRepair: boolean;
  /** Lower goes first. */
  readonly step: 0 | 1 | 2;
  /** Of a repair: how many live copies there are; fewer go first. */
  readonly copies: number;
}

const usual: Urgency = { isRepair: false, step: 1, copies: 0 };
/** Nobody waits for another edition of what plays: after everything else, whatever the asset's priority. */
const unhurried: Urgency = { isRepair: false, step: 2, copies: 1_000 };

/** For the rest of what is played in its lowest rung, somebody waits; but for the first of a new asset more. */
const rest: Urgency = { isRepair: false, step: 2, copies: 0 };

/** @param facts of the asset as it plays */
export function urgencyOf(task: TaskRecord, facts: AssetFacts): Urgency {
  if (makesOther(task, facts.asset)) return isBeingMade(facts.asset) ? rest : unhurried;
  if (task.kind !== "replicate" || task.pieceId === "" || isBeingMade(facts.asset)) return usual;
  const copies = copiesOf(facts, task.pieceId).length;
  const isLastCopy = copies <= 1 && !isOfOther(task.pieceId, facts.asset);
  return { isRepair: true, step: isLastCopy ? 0 : 2, copies };
}

interface DueCopy {
  readonly task: TaskRecord;
  readonly urgency: Urgency;
}

export class RepairBudget {
  readonly #running = new Map<NodeId, number>();
  /** Nodes that also have copies to make for which somebody waits. */
  readonly #awaited = new Set<NodeId>();
  #left: number;

  constructor({ snapshot, settings }: Pick<PlanInput, "snapshot" | "settings">, due: readonly DueCopy[]) {
    this.#left = settings.repairCopiesAtOnce;
    for (const { task, urgency } of due) {
      if (task.kind === "replicate" && !urgency.isRepair && task.nodeId !== null) this.#awaited.add(task.nodeId);
    }
    for (const { asset, openTasks } of snapshot.assets) {
      if (isBeingMade(asset)) continue;
      for (const { kind, nodeId, state } of openTasks) {
        if (kind === "replicate" && state === "leased" && nodeId !== null) this.take(nodeId);
      }
    }
  }

  take(nodeId: NodeId): void {
    this.#left -= 1;
    this.#running.set(nodeId, (this.#running.get(nodeId) ?? 0) + 1);
  }

  allows(nodeId: NodeId): boolean {
    const lanes = this.#awaited.has(nodeId) ? copiesAtOnce - 1 : copiesAtOnce;
    return this.#left > 0 && (this.#running.get(nodeId) ?? 0) < lanes;
  }
}
