// Where the encodes of each asset may run in one round of giving out leases. What is the same for all chunks of an
// asset (its toolchain, the nodes that delete it, whether its source can be read) is found out once.
import type { NodeId } from "@vstream/core/ids.ts";
import { encodesHevc, makesSame, plainToolchain } from "@vstream/core/toolchain.ts";
import type { NodeRecord, TaskRecord } from "../catalog/records.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { needsHevc, toolchainFor, toolchainOfRemake, toolchainUsed } from "./choose-toolchain.ts";
import { isSchedulable } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import { canBeRead } from "./work-for.ts";

// A disk this full takes no new encodes: what is there must still be copied and served.
const fullShare = 0.95;

interface Site {
  /** null: any. */
  toolchain: string | null;
  /** What a node is about to delete must not be what it has just made. */
  readonly discarding: ReadonlySet<NodeId>;
  readonly canBeRead: boolean;
}

export class EncodeSites {
  readonly #cluster: Cluster;
  readonly #sites = new Map<string, Site>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Whether the node has an encoder for each of the asset's rungs. */
  hasEncoders(node: NodeRecord, facts: AssetFacts): boolean {
    return encodesHevc(node.toolchain) || !needsHevc(facts);
  }

  /** Whether what the asset is encoded from stands on a node that is up. */
  canEncode(facts: AssetFacts): boolean {
    return this.#siteOf(facts).canBeRead;
  }

  /** With what the task is to be made; null: any will do. */
  toolchainFor(task: TaskRecord, facts: AssetFacts): string | null {
    const toolchain = toolchainOfRemake(task, facts, this.#cluster) ?? this.#siteOf(facts).toolchain;
    return toolchain !== null && task.kind === "audio" ? plainToolchain(toolchain) : toolchain;
  }

  allows(node: NodeRecord, facts: AssetFacts, toolchain: string | null): boolean {
    const { discarding } = this.#siteOf(facts);
    return (
      isSchedulable(node) &&
      (toolchain === null || makesSame(node.toolchain, toolchain)) &&
      node.usedBytes < node.capacityBytes * fullShare &&
      !discarding.has(node.id)
    );
  }

  /** The first encode of an asset decides with what all others of this round are made. */
  begun(facts: AssetFacts, node: NodeRecord): void {
    const site = this.#siteOf(facts);
    const used = toolchainUsed(node, facts);
    if (site.toolchain === null || makesSame(used, site.toolchain)) site.toolchain = used;
  }

  #siteOf(facts: AssetFacts): Site {
    // Another edition may be made by another toolchain.
    const name = `${facts.asset.id} ${String(facts.asset.edition)}`;
    const known = this.#sites.get(name);
    if (known !== undefined) return known;
    const discards = facts.view.openTasks.filter(({ kind }) => kind === "discard");
    const site = {
      toolchain: toolchainFor(facts, this.#cluster),
      discarding: new Set(discards.flatMap(({ nodeId }) => nodeId ?? [])),
      canBeRead: canBeRead(facts, this.#cluster),
    };
    this.#sites.set(name, site);
    return site;
  }
}
