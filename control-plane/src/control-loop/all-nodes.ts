// Every node of the catalog, page by page.
import type { CatalogQueries, Page } from "../catalog/catalog.ts";
import type { NodeRecord } from "../catalog/records.ts";

const nodesPerPage = 500;

export async function allNodes(queries: Pick<CatalogQueries, "listNodes">): Promise<NodeRecord[]> {
  const nodes: NodeRecord[] = [];
  const query = { limit: nodesPerPage, sort: null, states: [], nodeId: null, labels: {} };
  for (let cursor: string | null = null; ;) {
    const page: Page<NodeRecord> = await queries.listNodes({ ...query, cursor });
    nodes.push(...page.items);
    if (page.nextCursor === null) return nodes;
    cursor = page.nextCursor;
  }
}
