// What the catalog believes of copies, held against the disks as they really are.
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import type { AssetView, NodeRecord } from "../../control-plane/src/catalog/records.ts";
import { plannedPieces } from "../../control-plane/src/planning/asset-facts.ts";
import type { CopyTruth, Disk } from "./disk.ts";
import type { CatalogFile } from "./sim-catalog.ts";

export interface TruthParts {
  readonly file: CatalogFile;
  /** Of every node that ever was. */
  readonly disks: ReadonlyMap<NodeId, Disk>;
}

export class Truth {
  readonly #parts: TruthParts;

  constructor(parts: TruthParts) {
    this.#parts = parts;
  }

  async view(assetId: AssetId): Promise<AssetView | null> {
    return await this.#parts.file.ask("getAssetView", assetId);
  }

  async nodes(): Promise<readonly NodeRecord[]> {
    return (await this.#parts.file.ask("planningSnapshot", 0)).nodes;
  }

  copy(nodeId: NodeId, assetId: AssetId, pieceId: PieceId): CopyTruth {
    return this.#parts.disks.get(nodeId)?.truthOf(assetId, pieceId) ?? "absent";
  }

  /**
   * Nodes whose copy is verified by the catalog and really there. What a fault took, and nobody could notice yet, is
   * taken for there.
   */
  holders({ asset, replicas }: AssetView, pieceId: PieceId, nodes: readonly NodeRecord[]): NodeId[] {
    const living = new Set(nodes.filter((node) => node.health !== "down").map((node) => node.id));
    return replicas
      .filter((copy) => copy.pieceId === pieceId && copy.state === "verified" && living.has(copy.nodeId))
      .filter((copy) => !["wrong", "absent"].includes(this.copy(copy.nodeId, asset.id, pieceId)))
      .map((copy) => copy.nodeId);
  }

  /** What is believed of each copy of a piece, and what is so, for people. */
  describe({ asset, replicas }: AssetView, pieceId: PieceId, nodes: readonly NodeRecord[]): string {
    return replicas
      .filter((copy) => copy.pieceId === pieceId)
      .map(({ nodeId, state }) => {
        const node = nodes.find(({ id }) => id === nodeId);
        const is = this.copy(nodeId, asset.id, pieceId);
        return `${node?.name ?? nodeId} (${node?.health ?? "no node"}, ${node?.scheduling ?? ""}): ${state}, is ${is}`;
      })
      .join("; ");
  }

  /** Pieces of which some disk has a copy that is right; on these nodes, or any. */
  standing(view: AssetView, nodeIds: readonly NodeId[] = [...this.#parts.disks.keys()]): Set<PieceId> {
    const { asset, pieces } = view;
    const all = asset.plan === null ? pieces.map((piece) => piece.id) : plannedPieces(view);
    return new Set(all.filter((pieceId) => nodeIds.some((id) => this.copy(id, asset.id, pieceId) === "right")));
  }
}

/** May take copies of the asset now; a suspect node may as soon as it is heard. */
export function canHold({ regions, pins }: AssetView["asset"], node: NodeRecord): boolean {
  return (
    node.health !== "down" &&
    node.scheduling === "active" &&
    (regions.length === 0 || regions.includes(node.region) || pins.includes(node.id))
  );
}
