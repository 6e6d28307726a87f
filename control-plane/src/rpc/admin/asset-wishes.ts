// What a user may ask of an asset, when it is made and later: within limits, and of nodes and regions that there are.
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { allNodes } from "../../control-loop/all-nodes.ts";
import * as check from "../wire/checks.ts";
import type { AdminDeps } from "./admin-calls.ts";
import { findNode, nearest } from "./find-node.ts";

type Deps = Pick<AdminDeps, "catalog">;

const limits = { title: 500, regions: 16, replicas: 10, pins: 32 };

/** What a file is called, without its ending, cut where it is too long; null when nothing is left of it. */
export function titleOfFile(name: string): string | null {
  const stem = name.replace(/(?<=.)\.[A-Za-z0-9]{1,5}$/u, "").trim();
  // Never in the middle of a character of two units.
  const title = stem
    .slice(0, limits.title)
    .replace(/[\ud800-\udbff]$/u, "")
    .trim();
  return title === "" ? null : title;
}

export function titleFrom(asked: string): string {
  return check.text(asked.trim(), "title", { min: 1, max: limits.title });
}

export function replicasFrom(asked: number): number {
  return check.integer(asked, "replicas", { min: 1, max: limits.replicas });
}

/** Each once, in their order. @throws VsError node_not_found */
export async function pinsFrom({ catalog }: Deps, asked: readonly string[]): Promise<readonly NodeId[]> {
  const named = check.atMost(asked, "pinned nodes", limits.pins);
  const nodes = await Promise.all(named.map(async (node) => await findNode(catalog.queries, node)));
  return [...new Set(nodes.map((node) => node.id))];
}

/** @throws VsError invalid_argument for a region without a node, with the one that was probably meant */
export async function regionsFrom({ catalog }: Deps, asked: readonly string[]): Promise<readonly string[]> {
  const regions = [...new Set(check.atMost(asked, "regions", limits.regions))];
  if (regions.length === 0) return regions;
  const known = [...new Set((await allNodes(catalog.queries)).map((node) => node.region))].toSorted();
  const unknown = regions.find((region) => !known.includes(region));
  if (unknown === undefined) return regions;
  const meant = nearest(unknown, known);
  throw new VsError("invalid_argument", `no node is in the region ${JSON.stringify(unknown)}`, {
    hint: `${meant === undefined ? "" : `Did you mean ${meant}? `}Regions: ${known.join(", ")}`,
  });
}
