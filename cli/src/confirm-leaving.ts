// Before a node is given up, whoever is asked is shown what depends on it.
import { confirm } from "./confirm.ts";
import type { Confirmation } from "./confirm.ts";
import type { ControlClient } from "./control-client.ts";
import { impactLine } from "./node-pages.ts";

export interface Leaving extends Pick<Confirmation, "yes" | "signal"> {
  readonly client: Pick<ControlClient, "getNodeImpact">;
  /** Its name or id. */
  readonly node: string;
}

/**
 * Returns when the act is wanted.
 * @param act what will happen to the node, as a question
 * @throws VsError as `confirm` does, and node_not_found when somebody is asked
 */
export async function confirmLeaving(act: string, { client, node, yes, signal }: Leaving): Promise<void> {
  const beforehand = async (): Promise<string> => impactLine(await client.getNodeImpact({ node, limit: 1 }));
  await confirm(act, { yes, signal, beforehand });
}
