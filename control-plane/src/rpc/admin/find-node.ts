// A node by its id or name, as people type it.
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { ListOptions } from "@vstream/proto/admin.ts";
import type { CatalogQueries, ListQuery } from "../../catalog/catalog.ts";
import type { NodeRecord } from "../../catalog/records.ts";
import { allNodes } from "../../control-loop/all-nodes.ts";
import * as check from "../wire/checks.ts";
import { listFromWire } from "../wire/records.ts";

type Queries = Pick<CatalogQueries, "getNode" | "listNodes">;

/** @throws VsError node_not_found, with the name that was probably meant */
export async function findNode(queries: Queries, idOrName: string): Promise<NodeRecord> {
  check.text(idOrName, "node", { min: 1, max: 64 });
  const node = await queries.getNode(idOrName);
  if (node !== null) return node;
  const meant = nearest(
    idOrName,
    (await allNodes(queries)).map((known) => known.name),
  );
  throw new VsError("node_not_found", `there is no node ${JSON.stringify(idOrName)}`, {
    hint: meant === undefined ? "See all nodes: vsctl nodes list" : `Did you mean ${meant}? See all: vsctl nodes list`,
  });
}

/** How a list is cut, the node that it names found. */
export async function listQuery(queries: Queries, options: ListOptions | undefined): Promise<ListQuery> {
  const named = options?.node ?? "";
  const nodeId: NodeId | null = named === "" ? null : (await findNode(queries, named)).id;
  return { ...listFromWire(options), nodeId };
}

/** The candidate that differs least, if it is by no more than a third of its letters. */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const [best] = candidates
    .map((candidate) => ({ candidate, steps: editSteps(typed.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((one, other) => one.steps - other.steps);
  return best !== undefined && best.steps <= Math.max(1, Math.floor(typed.length / 3)) ? best.candidate : undefined;
}

// Levenshtein's distance, a row at a time.
function editSteps(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [line, letter] of Array.from(from).entries()) {
    const next = [line + 1];
    for (let column = 0; column < to.length; column += 1) {
      const replaced = (row[column] ?? 0) + (to[column] === letter ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
