// A node shown, with what it said last and, while it is being emptied, how far that is.
import type { DrainProgress, Node as WireNode } from "@vstream/proto/admin.ts";
import type { NodeRecord } from "../../catalog/records.ts";
import { drainStep } from "../../planning/drain-step.ts";
import { nodeToWire } from "../wire/records.ts";
import type { AdminDeps } from "./admin-calls.ts";

type Deps = Pick<AdminDeps, "catalog" | "loop">;

export async function showNode(deps: Deps, node: NodeRecord): Promise<WireNode> {
  const [shown] = await showNodes(deps, [node]);
  return shown ?? showRemoved(deps, node);
}

export async function showNodes(deps: Deps, nodes: readonly NodeRecord[]): Promise<WireNode[]> {
  const homeCounts = await deps.catalog.queries.countHomes();
  return nodes.map((node) => {
    const homeOf = homeCounts.get(node.id) ?? 0;
    return viewOf(deps, node, { homeOf, drain: drainOf(deps, node, homeOf) });
  });
}

/** One that has just been removed. */
export function showRemoved(deps: Pick<Deps, "loop">, node: NodeRecord): WireNode {
  return viewOf(deps, node, { homeOf: 0, drain: undefined });
}

function viewOf(
  { loop }: Pick<Deps, "loop">,
  node: NodeRecord,
  more: Pick<Parameters<typeof nodeToWire>[0], "homeOf" | "drain">,
): WireNode {
  // Nobody watches from a node that is down, whatever it said last.
  const load = node.health === "down" ? null : loop.loadOf(node.id);
  return nodeToWire({ node, load, scrub: loop.scrubOf(node.id), ...more });
}

function drainOf({ loop }: Pick<Deps, "loop">, node: NodeRecord, homeOf: number): DrainProgress | undefined {
  if (node.scheduling !== "draining") return undefined;
  const { heldBeside, othersCanTake } = loop.drainOutlook(node.id);
  const assetsLeft = homeOf + heldBeside;
  const tasksLeased = loop.leasesOn(node.id);
  const step = drainStep(node, { assetsLeft, tasksLeased, othersCanTake }) ?? "";
  return { step, assetsLeft, tasksLeft: tasksLeased, viewersLeft: loop.loadOf(node.id)?.viewers ?? 0 };
}
