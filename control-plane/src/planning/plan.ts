// The whole of planning: a snapshot in, decisions out. Pure and deterministic; the same snapshot gives the same
// decisions, and a snapshot in which they have been applied gives none of them again.
import type { AssetView } from "../catalog/records.ts";
import { bytesExpected, readAsset } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { readCluster } from "./cluster.ts";
import type { Cluster, PlanInput } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { planAsset } from "./plan-asset.ts";
import { planDrained } from "./plan-drain.ts";

export function plan(input: PlanInput): Decision[] {
  return [...planByAsset(input)].flat();
}

/** The same, asset by asset, for who has to do something else in between. */
export function* planByAsset(input: PlanInput): Generator<Decision[]> {
  const cluster = readCluster(input);
  const assets: AssetFacts[] = [];
  for (const view of input.snapshot.assets.toSorted(inTurn)) {
    const facts = readAsset(view, cluster);
    assets.push(facts);
    const decisions = planAsset(facts, cluster);
    promise(decisions, facts, cluster);
    yield decisions;
  }
  yield planDrained(assets, cluster);
}

// What the assets that follow have to know of new homes.
function promise(decisions: readonly Decision[], facts: AssetFacts, { promised }: Cluster): void {
  for (const decision of decisions) {
    if (decision.kind !== "set-homes") continue;
    for (const home of decision.homes) {
      if (!facts.asset.homes.includes(home)) promised.add(home, bytesExpected(facts));
    }
  }
}

function inTurn(one: AssetView, other: AssetView): number {
  return other.asset.priority - one.asset.priority || (one.asset.id < other.asset.id ? -1 : 1);
}
