// Whether most of a region's nodes went down together. Then a line or a power feed has failed rather than each of them,
// and what they hold comes back as it is: nothing of it is made again until they are heard, or for as long as the hold.
// All but the last return is read off the catalog's records, so that a restart of this program forgets no brake.
import type { NodeId } from "@vstream/core/ids.ts";
import type { NodeRecord } from "../catalog/records.ts";

/** In smaller regions, one node more or less decides. */
const fewestLiving = 3;
const fewestLost = 2;
/** Nodes that are lost within this time of each other are lost together; and they come back within it, too. */
const togetherMs = 60_000;

interface BrakeView {
  readonly nodes: readonly NodeRecord[];
  /** Of the same nodes, those that are silent now but not down yet. */
  readonly silent: ReadonlySet<NodeId>;
  /** Milliseconds since the epoch, as the records' instants. */
  readonly at: number;
}

export class RegionBrake {
  readonly #holdMs: number;
  #braked: ReadonlySet<string> = new Set();

  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  /** The regions that are braked now. To be asked at every look. */
  check(view: BrakeView): ReadonlySet<string> {
    const regions = Map.groupBy(
      view.nodes.filter((node) => node.scheduling !== "drained" && wasHeard(node)),
      (node) => node.region,
    );
    const braked = [...regions].filter(([region, nodes]) => this.#isBraked(region, { ...view, nodes }));
    this.#braked = new Set(braked.map(([region]) => region));
    return this.#braked;
  }

  #isBraked(region: string, view: BrakeView): boolean {
    // Silence alone passes as a rule: it counts beside a node that is down.
    if (view.nodes.every((node) => node.health !== "down")) return false;
    const lost = view.nodes.map((node) => lostAt(node, view)).filter((at) => at !== null);
    const living = view.nodes.length - lost.length;
    const recent = lost.filter((at) => Math.abs(view.at - at) < this.#holdMs).toSorted((one, other) => one - other);
    if (recent.some((end) => isMost(recent.filter((at) => at <= end && end - at <= togetherMs).length, living))) {
      return true;
    }
    // They come back one after the other: those that are still away get as long as it took to lose them.
    return this.#braked.has(region) && recent.length > 0 && view.nodes.some((node) => cameBack(node, view));
  }
}

// Those that were lost at other times count neither as lost nor as living.
function isMost(lost: number, living: number): boolean {
  return lost >= fewestLost && lost + living >= fewestLiving && lost > living;
}

// One that has joined and never opened a session can be neither lost nor missed.
function wasHeard(node: NodeRecord): boolean {
  return node.health !== "down" || node.healthSince > node.joinedAt;
}

function lostAt(node: NodeRecord, { silent, at }: BrakeView): number | null {
  if (node.health === "down") return node.healthSince;
  return silent.has(node.id) ? at : null;
}

function cameBack(node: NodeRecord, { at }: BrakeView): boolean {
  return node.health === "up" && Math.abs(at - node.healthSince) < togetherMs;
}
