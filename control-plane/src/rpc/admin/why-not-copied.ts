// Why a piece that stands somewhere gets no further copy, although a home that takes copies lacks it. Pure.
import { VsError } from "@vstream/core/errors.ts";
import type { Failure } from "@vstream/core/errors.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { AssetView, NodeRecord } from "../../catalog/records.ts";
import { expectedBytes, isOver } from "../../planning/asset-facts.ts";
import { isSchedulable, mayHold } from "../../planning/cluster.ts";
import { isForEveryHome } from "../../planning/keep-source.ts";

export interface Uncopied {
  readonly view: AssetView;
  readonly nodes: ReadonlyMap<NodeId, NodeRecord>;
  /** Homes that take copies and lack the piece. */
  readonly takers: readonly NodeId[];
  readonly isHolder: (nodeId: NodeId, pieceId: PieceId) => boolean;
}

/** null: it is still to be hoped for. */
export function whyNotCopied(pieceId: PieceId, lacking: Uncopied): Failure | null {
  const reasons = lacking.takers.map((nodeId) => whyNotOn(nodeId, pieceId, lacking));
  const [first] = reasons;
  return first === undefined || reasons.includes(null) ? null : first;
}

function whyNotOn(nodeId: NodeId, pieceId: PieceId, lacking: Uncopied): Failure | null {
  const { view, nodes } = lacking;
  const node = nodes.get(nodeId);
  const copies = view.openTasks.filter((task) => task.kind === "replicate" && task.nodeId === nodeId);
  if (node === undefined || copies.some(({ state }) => state === "leased")) return null;
  if (lacksRoom(node, lacking) && !hasOther(lacking)) {
    return new VsError("storage_full", `node ${node.name} has no room for what it lacks of asset ${view.asset.id}`, {
      hint: `Make room on ${node.name}, or add a node; then the copies are made by themselves`,
    }).toFailure();
  }
  // Only one that takes the place of a copy that died begins later before it ever failed.
  const died = copies.find((task) => task.pieceId === pieceId && task.failures === 0 && task.notBefore > 0);
  if (died === undefined) return null;
  return new VsError("unavailable", `copying ${pieceId} to node ${node.name} failed each time`, {
    hint: `It is tried again later. See why it failed: vsctl tasks list --asset ${view.asset.id} --state dead`,
  }).toFailure();
}

function lacksRoom(node: NodeRecord, { view, isHolder }: Uncopied): boolean {
  const lacked = view.pieces.filter(
    ({ id }) => isForEveryHome(view.asset, id) && !isOver(view.asset, id) && !isHolder(node.id, id),
  );
  return lacked.reduce((sum, { content }) => sum + bytesOf(content), 0) > node.capacityBytes - node.usedBytes;
}

// Then planning moves the home there.
function hasOther({ view: { asset, pieces }, nodes }: Uncopied): boolean {
  const known = pieces.reduce((sum, { content }) => sum + bytesOf(content), 0);
  const bytes = Math.max(known, expectedBytes(asset.sourceBytes));
  return [...nodes.values()].some(
    (node) =>
      isSchedulable(node) &&
      !asset.homes.includes(node.id) &&
      mayHold(asset, node) &&
      node.capacityBytes - node.usedBytes >= bytes,
  );
}
