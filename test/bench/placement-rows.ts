// How much moves when a node is added to a cluster that is in use: the planner alone, on 10,000 assets.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { MovableAsset, NodeRecord } from "../../control-plane/src/catalog/records.ts";
import { placeHomes } from "../../control-plane/src/planning/place-replica.ts";
import { planRebalance } from "../../control-plane/src/planning/plan-rebalance.ts";
import { buildNode } from "../../control-plane/src/planning/snapshot.fixture.ts";
import { atMost } from "./row.ts";
import type { Measurement, Row } from "./row.ts";

const assets = 10_000;
const replicas = 2;
const nodeCount = 50;
const regions = ["eu", "us", "ap", "sa", "af"];
/** As good as even: what moves is then what evenness takes. */
const tolerance = 0.005;

export const placementMeasurements: readonly Measurement[] = [
  { name: "placement-one-node-added", measure: async () => await Promise.resolve([oneNodeAdded()]) },
];

function oneNodeAdded(): Row {
  const cluster = new PlacedCluster(Array.from({ length: nodeCount }, (_, index) => nodeAt(index)));
  for (let index = 0; index < assets; index += 1) cluster.place(index);
  const stored = cluster.storedBytes();
  const moves = cluster.rebalanceWith(nodeAt(nodeCount));
  return atMost({
    name: "placement-one-node-added",
    value: moves.reduce((sum, { bytes }) => sum + bytes, 0) / 1e12,
    unit: "TB moved",
    against: "the fair share of one of 51 nodes",
    againstValue: stored / (nodeCount + 1) / 1e12,
    most: 1.2,
  });
}

function nodeAt(index: number): NodeRecord {
  const region = regions[index % regions.length] ?? "";
  const name = `node-${String(index).padStart(2, "0")}`;
  return buildNode(name, { region, zone: `${region}-${String(index % 3)}`, capacityBytes: 10e12 });
}

class PlacedCluster {
  readonly #nodes: NodeRecord[];
  readonly #assets: MovableAsset[] = [];
  readonly #used = new Map<NodeId, number>();
  readonly #homeCounts = new Map<NodeId, number>();

  constructor(nodes: NodeRecord[]) {
    this.#nodes = nodes;
  }

  /** One asset more, from 2 to 30 GB, where the planner wants it. */
  place(index: number): void {
    const assetId = `as${String(index).padStart(20, "0")}` as AssetId;
    const bytes = 2e9 + ((index * 7919) % 2_800) * 1e7;
    const wish = { assetId, regions: [], pins: [], count: replicas, bytes, staying: [], except: [] };
    const ground = { nodes: this.#withUse(), homeCounts: this.#homeCounts, loads: new Map<NodeId, never>() };
    const homes = placeHomes(wish, ground).map(({ nodeId }) => nodeId);
    for (const home of homes) {
      this.#used.set(home, (this.#used.get(home) ?? 0) + bytes);
      this.#homeCounts.set(home, (this.#homeCounts.get(home) ?? 0) + 1);
    }
    this.#assets.push({ assetId, title: assetId, bytes, homes, regions: [], pins: [] });
  }

  storedBytes(): number {
    return this.#assets.reduce((sum, { bytes, homes }) => sum + bytes * homes.length, 0);
  }

  /** All moves that even the cluster out once the node is there. */
  rebalanceWith(added: NodeRecord): ReturnType<typeof planRebalance> {
    this.#nodes.push(added);
    const bySize = this.#assets.toSorted((one, other) => other.bytes - one.bytes);
    const movable = new Map(this.#nodes.map(({ id }) => [id, bySize.filter(({ homes }) => homes.includes(id))]));
    return planRebalance({ nodes: this.#withUse(), movable, pending: new Map(), tolerance, limit: assets });
  }

  #withUse(): NodeRecord[] {
    return this.#nodes.map((node) => ({ ...node, usedBytes: this.#used.get(node.id) ?? 0 }));
  }
}
