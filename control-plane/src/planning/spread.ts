// How copies are spread over what fails as a whole: regions first, and zones within them. A node without a zone says
// nothing of what it shares with others, so it counts as a zone of its own.
import type { NodeRecord } from "../catalog/records.ts";

type Place = Pick<NodeRecord, "id" | "region" | "zone">;

/** Counts the copies in each region and zone. */
export class Spread {
  readonly #regions = new Map<string, number>();
  readonly #zones = new Map<string, number>();

  constructor(nodes: readonly Place[]) {
    for (const node of nodes) this.add(node);
  }

  add(node: Place): void {
    this.#regions.set(node.region, this.inRegionOf(node) + 1);
    this.#zones.set(zoneKey(node), this.inZoneOf(node) + 1);
  }

  inRegionOf(node: Place): number {
    return this.#regions.get(node.region) ?? 0;
  }

  inZoneOf(node: Place): number {
    return this.#zones.get(zoneKey(node)) ?? 0;
  }

  /** Below 0: the first node is the better place for one copy more. */
  compare(one: Place, other: Place): number {
    return this.inRegionOf(one) - this.inRegionOf(other) || this.inZoneOf(one) - this.inZoneOf(other);
  }
}

/** Whether copies on these nodes stand in as many regions, and as many zones, as on those. */
export function isSpreadAsWide(nodes: readonly Place[], than: readonly Place[]): boolean {
  return countOf(nodes, regionKey) >= countOf(than, regionKey) && countOf(nodes, zoneKey) >= countOf(than, zoneKey);
}

function countOf(nodes: readonly Place[], key: (node: Place) => string): number {
  return new Set(nodes.map(key)).size;
}

function regionKey(node: Place): string {
  return node.region;
}

function zoneKey({ id, region, zone }: Place): string {
  return zone === "" ? `node ${id}` : `zone ${region}/${zone}`;
}
