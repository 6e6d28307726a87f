// The cluster at a glance, and what in it wants somebody's hand: a sentence each, with what to do.
import type { GetStatusResponse } from "@vstream/proto/admin.ts";
import type { CatalogCounts } from "../../catalog/catalog.ts";
import type { NodeRecord } from "../../catalog/records.ts";
import type { BrakeState } from "../../control-loop/brakes.ts";
import { allNodes } from "../../control-loop/all-nodes.ts";
import type { AdminDeps } from "./admin-calls.ts";

const nearlyFull = 0.9;
const certificateSoonMs = 2 * 86_400_000;

export async function getStatus(deps: AdminDeps): Promise<GetStatusResponse> {
  const counts = await deps.catalog.queries.counts();
  const nodes = await allNodes(deps.catalog.queries);
  return {
    version: deps.settings.version,
    startedAt: deps.settings.startedAt,
    nodesByHealth: { ...counts.nodesByHealth },
    assetsByState: { ...counts.assetsByState },
    tasksByState: { ...counts.tasksByState },
    storedBytes: counts.storedBytes,
    capacityBytes: counts.capacityBytes,
    degradedAssets: counts.degradedAssets,
    problems: problemsOf({ counts, nodes, brakes: deps.loop.brakes(), now: deps.clock.now() }),
  };
}

export function problemsOf(seen: {
  readonly counts: CatalogCounts;
  readonly nodes: readonly NodeRecord[];
  readonly brakes: BrakeState;
  readonly now: number;
}): string[] {
  const { counts, nodes, brakes, now } = seen;
  return [
    ...(nodes.some((node) => node.health === "up") ? [] : [noNodeUp(nodes)]),
    ...brakeProblems(brakes),
    ...nodes.flatMap((node) => problemsOfNode(node, now)),
    ...clusterProblems(counts),
  ];
}

function noNodeUp(nodes: readonly NodeRecord[]): string {
  return nodes.length === 0
    ? "No node has joined: make a token with vsctl tokens create --for node, and start vstream-agent with it."
    : "No node is up: start vstream-agent on the hosts, or see why it ends in its log.";
}

function brakeProblems({ isCutOff, regions }: BrakeState): string[] {
  const held = [...regions].toSorted().map((region) => {
    const what = `Most nodes of the region ${region} went down together, so what they hold is not made again yet`;
    return `${what}: see to its power and network, or wait for brakeHoldMs.`;
  });
  if (!isCutOff) return held;
  const cutOff = "Most nodes fell silent together, so nothing is moved: see to the control plane's own network;";
  return [`${cutOff} if they are gone for good, what they hold is made again after brakeHoldMs.`, ...held];
}

function problemsOfNode(node: NodeRecord, now: number): string[] {
  const problems: string[] = [];
  if (node.health === "down") {
    const since = new Date(node.healthSince).toISOString();
    problems.push(
      `The node ${node.name} is down since ${since}: start it, or remove it: vsctl nodes remove ${node.name}`,
    );
  }
  if (node.capacityBytes > 0 && node.usedBytes / node.capacityBytes >= nearlyFull) {
    problems.push(`The store of ${node.name} is over 90 % full: add capacity or nodes, or delete assets.`);
  }
  if (node.health !== "down" && node.certificateExpiresAt - now < certificateSoonMs) {
    const end = new Date(node.certificateExpiresAt).toISOString();
    problems.push(
      `The certificate of ${node.name} ends at ${end} and was not renewed: see vsctl nodes logs ${node.name}`,
    );
  }
  if (node.scheduling === "draining" && node.drainDeadlineAt !== null && node.drainDeadlineAt < now) {
    problems.push(`The drain of ${node.name} is past its deadline: see vsctl nodes show ${node.name}`);
  }
  return problems;
}

function clusterProblems(counts: CatalogCounts): string[] {
  const problems: string[] = [];
  if (counts.degradedAssets > 0) {
    const count = String(counts.degradedAssets);
    problems.push(`${count} asset(s) have fewer copies than wanted: add nodes or bring back those that are down.`);
  }
  const failed = counts.assetsByState["failed"] ?? 0;
  if (failed > 0) problems.push(`${String(failed)} asset(s) failed: see vsctl assets list --state failed`);
  return problems;
}
