// How many homes beyond those wanted an asset is to have while it is watched that much. Demand that rises counts at
// once, because viewers are there; demand that falls counts only after a while, because copies are dear to make anew.
export interface Demand {
  /** What all its viewers take together now, in bits a second. */
  readonly demandBps: number;
  /** What one home should serve of one asset at most, in bits a second; 0: demand adds no homes. */
  readonly hotBpsPerHome: number;
  readonly replicasWanted: number;
  /** How many nodes may take it now. */
  readonly schedulableNodes: number;
  /** The extra replicas it has now. */
  readonly extraReplicas: number;
  /** Since when demand has been below what the present homes are there for, see isCool; null: it is not. */
  readonly coolSince: number | null;
  readonly at: number;
  /** How long it must have been cool before homes go. */
  readonly coolMs: number;
}

/** However hot it is: beyond this, nodes that pull it through from the homes serve it as well. */
export const mostExtraReplicas = 8;

/**
 * The extra replicas it is to have: 0 to 8. Never raised beyond the nodes there are; nor lowered because some of them
 * are away for a moment.
 */
export function chooseExtraReplicas(demand: Demand): number {
  const { at, coolMs, coolSince, extraReplicas, replicasWanted, schedulableNodes } = demand;
  const most = Math.min(mostExtraReplicas, Math.max(0, schedulableNodes - replicasWanted));
  const needed = Math.min(most, Math.max(0, homesNeeded(demand) - replicasWanted));
  if (needed >= extraReplicas) return needed;
  const present = Math.min(extraReplicas, mostExtraReplicas);
  const isCooled = coolSince !== null && isCool(demand) && at - coolSince >= coolMs;
  return isCooled ? needed : present;
}

/** Whether fewer homes than it has would do. */
export function isCool(
  demand: Pick<Demand, "demandBps" | "hotBpsPerHome" | "replicasWanted" | "extraReplicas">,
): boolean {
  return demand.extraReplicas > 0 && homesNeeded(demand) < demand.replicasWanted + demand.extraReplicas;
}

function homesNeeded({ demandBps, hotBpsPerHome }: Pick<Demand, "demandBps" | "hotBpsPerHome">): number {
  return hotBpsPerHome <= 0 ? 0 : Math.ceil(demandBps / hotBpsPerHome);
}
