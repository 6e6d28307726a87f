// The homes of a new asset, the one to upload to first, from the nodes as they are now.
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { CatalogQueries } from "../catalog/catalog.ts";
import { expectedBytes } from "../planning/asset-facts.ts";
import { isInRegions, isSchedulable } from "../planning/cluster.ts";
import { placeHomes } from "../planning/place-replica.ts";
import { allNodes } from "./all-nodes.ts";
import type { HomesWish } from "./control-loop.ts";

export interface NodesAround {
  readonly queries: Pick<CatalogQueries, "listNodes" | "countHomes">;
  readonly connected: ReadonlySet<NodeId>;
}

/** @throws VsError no_node_available when none may take it, storage_full when none has the room */
export async function chooseHomes(wish: HomesWish, { queries, connected }: NodesAround): Promise<NodeId[]> {
  const all = await allNodes(queries);
  // A node that is up in the catalog but not connected could not tell that the upload has arrived.
  const nodes = all.filter((node) => isSchedulable(node) && isInRegions(wish, node) && connected.has(node.id));
  if (nodes.length === 0) throw noNode(wish);
  const homes = placeHomes(
    {
      assetId: wish.assetId,
      regions: wish.regions,
      count: wish.replicas,
      bytes: expectedBytes(wish.bytes),
      staying: [],
      except: [],
    },
    { nodes, homeCounts: await queries.countHomes() },
  );
  if (homes.length > 0) return homes;
  throw new VsError("storage_full", `no node has room for a source of ${wish.bytes} bytes and what is made from it`, {
    hint: "Add a node, or delete assets: vsctl assets list; see the room with: vsctl nodes list",
  });
}

function noNode({ regions }: HomesWish): VsError {
  const where = regions.length === 0 ? "" : ` in ${regions.join(", ")}`;
  return new VsError("no_node_available", `no node that is up may take new assets${where}`, {
    hint: "See the nodes with: vsctl nodes list; start vstream-agent, or uncordon a node",
  });
}
