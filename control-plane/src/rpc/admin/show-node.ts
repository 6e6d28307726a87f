// A node shown, with what it said last and, while it is being emptied, how far that is.
import type { DrainProgress, Node as WireNode } from "@vstream/proto/admin.ts";
import type { NodeRecord } from "../../catalog/records.ts";
import { allNodes } from "../../control-loop/all-nodes.ts";
import { isSchedulable } from "../../planning/cluster.ts";
import { drainStep } from "../../planning/plan-drain.ts";
import { nodeToWire } from "../wire/records.ts";
import type { AdminDeps } from "./admin-calls.ts";

type Deps = Pick<AdminDeps, "catalog" | "loop" | "settings">;

export async function showNode(deps: Deps, node: NodeRecord): Promise<WireNode> {
  const [shown] = await showNodes(deps, [node]);
  return shown ?? showRemoved(deps, node);
}

export async function showNodes(deps: Deps, nodes: readonly NodeRecord[]): Promise<WireNode[]> {
  const homeCounts = await deps.catalog.queries.countHomes();
  const isAnyDraining = nodes.some((node) => node.scheduling === "draining");
  const takers = isAnyDraining ? (await allNodes(deps.catalog.queries)).filter(isSchedulable) : [];
  return nodes.map((node) => {
    const homeOf = homeCounts.get(node.id) ?? 0;
    return viewOf(deps, node, { homeOf, drain: drainOf(deps, node, { homeOf, othersCanTake: takers.length > 0 }) });
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

function drainOf(
  { loop, settings }: Deps,
  node: NodeRecord,
  { homeOf, othersCanTake }: { homeOf: number; othersCanTake: boolean },
): DrainProgress | undefined {
  if (node.scheduling !== "draining") return undefined;
  const load = loop.loadOf(node.id);
  const tasksLeased = loop.leasesOn(node.id);
  const situation = { homeCount: homeOf, tasksLeased, load, othersCanTake, quietMs: settings.drainQuietMs };
  const step = drainStep(node, situation) ?? "";
  return { step, assetsLeft: homeOf, tasksLeft: tasksLeased, viewersLeft: load?.viewers ?? 0 };
}
