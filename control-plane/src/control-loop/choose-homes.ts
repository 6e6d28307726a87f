// The homes of a new asset, the one to upload to first, from the nodes as they are now. Right after a start it waits a
// while for the nodes that are still dialling.
import { VsError } from "@vstream/core/errors.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { expectedBytes } from "../planning/asset-facts.ts";
import { isSchedulable, mayHold } from "../planning/cluster.ts";
import { placeHomes } from "../planning/place-replica.ts";
import { allNodes } from "./all-nodes.ts";
import type { ChosenHomes, HomesWish } from "./control-loop.ts";
import type { LoopParts } from "./loop-parts.ts";

/** How long to wait for nodes that may be about to come back. */
const waitMs = 5_000;

type NodesAround = Pick<LoopParts, "arrivals" | "catalog" | "clock" | "loads" | "sessions">;

/** @throws VsError no_node_available when none may take it, storage_full when none has the room */
export async function chooseHomes(wish: HomesWish, around: NodesAround): Promise<ChosenHomes> {
  const giveUpAtMs = around.clock.monotonicMs() + waitMs;
  for (;;) {
    const able = (await allNodes(around.catalog.queries)).filter((node) => isSchedulable(node) && mayHold(wish, node));
    // A node that is up in the catalog but not connected could not tell that the upload has arrived.
    const here = able.filter((node) => around.sessions.has(node.id));
    const leftMs = giveUpAtMs - around.clock.monotonicMs();
    if (leftMs <= 0 || !isWorthAWait(wish, { able, here, around })) return await place(wish, here, around);
    await around.arrivals.next(leftMs);
  }
}

function isWorthAWait(
  { replicas, pins }: HomesWish,
  { able, here, around }: { able: readonly NodeRecord[]; here: readonly NodeRecord[]; around: NodesAround },
): boolean {
  const awaited = able.filter((node) => !here.includes(node) && around.arrivals.isAwaited(node.id));
  return awaited.length > 0 && (here.length < replicas || awaited.some((node) => pins.includes(node.id)));
}

async function place(wish: HomesWish, here: readonly NodeRecord[], around: NodesAround): Promise<ChosenHomes> {
  if (here.length === 0) throw noNode(wish);
  const { assetId, regions, pins, replicas: count } = wish;
  const placed = placeHomes(
    { assetId, regions, pins, count, bytes: expectedBytes(wish.bytes), staying: [], except: [], forUpload: true },
    { nodes: here, homeCounts: await around.catalog.queries.countHomes(), loads: around.loads.all() },
  );
  if (placed.length > 0) {
    const reasons = Object.fromEntries(placed.map(({ nodeId, reason }) => [nodeId, reason]));
    return { homes: placed.map(({ nodeId }) => nodeId), reasons };
  }
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
