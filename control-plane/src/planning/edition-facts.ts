// An asset as it would be if it consisted of the edition that is being made beside the one that plays, so that what is
// planned for a new asset is planned for that edition in the same way. Text is the asset's: it is not made again.
import type { TaskRecord } from "../catalog/records.ts";
import { makesOther, ofEdition } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";

/** null: none is being made. */
export function factsOfNext(facts: AssetFacts): AssetFacts | null {
  const { nextEdition } = facts.asset;
  if (nextEdition === null) return null;
  const plan = nextEdition.plan === null ? null : { ...nextEdition.plan, text: [] };
  const nothing = { state: "playable", releasedChunks: 0, measured: null } as const;
  return ofEdition({ ...facts, asset: { ...facts.asset, ...nextEdition, ...nothing, plan } });
}

/** As who does the task is to see the asset. */
export function factsFor(task: TaskRecord, facts: AssetFacts): AssetFacts {
  return makesOther(task, facts.asset) ? (factsOfNext(facts) ?? facts) : facts;
}
