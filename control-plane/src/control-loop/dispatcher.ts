// What the loop tells connected agents: grants, cancellations, news of manifests. Nothing here is kept for an agent
// that is not connected; it gets all of it anew with its next session.
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Work } from "@vstream/core/media.ts";
import type { CatalogIdentity } from "../catalog/catalog.ts";
import type { NodeRecord, TaskRecord } from "../catalog/records.ts";
import { timeLimitMs } from "../planning/time-limit.ts";
import type { Lease } from "./lease-table.ts";
import type { ManifestNewsEntry } from "./session.ts";
import type { Sessions } from "./sessions.ts";

/** Entries in one message: with ids and versions, well below the wire's limit. */
const newsPerMessage = 10_000;

export class Dispatcher {
  readonly #sessions: Sessions;
  readonly #identity: CatalogIdentity;

  constructor(sessions: Sessions, identity: CatalogIdentity) {
    this.#sessions = sessions;
    this.#identity = identity;
  }

  /** Gives whether there was a session to send it on. */
  grant(task: TaskRecord, nodeId: NodeId, work: Work): boolean {
    return this.#sessions.send(nodeId, {
      kind: "lease-grant",
      taskId: task.id,
      assetId: task.assetId,
      epoch: task.epoch,
      term: this.#identity.term,
      timeLimitMs: timeLimitMs(work),
      work,
    });
  }

  cancel({ nodeId, taskId, epoch }: Lease, reason: string): void {
    this.#sessions.send(nodeId, { kind: "lease-cancel", lease: { taskId, epoch }, reason });
  }

  tellNews(nodeId: NodeId, entries: readonly ManifestNewsEntry[]): void {
    this.#sessions.send(nodeId, { kind: "manifest-news", entries, complete: false });
  }

  /** All manifests that the node is to have. Only a list that fits into one message can say that it is complete. */
  tellAllNews(nodeId: NodeId, entries: readonly ManifestNewsEntry[]): void {
    const isComplete = entries.length <= newsPerMessage;
    for (let from = 0; from === 0 || from < entries.length; from += newsPerMessage) {
      const part = entries.slice(from, from + newsPerMessage);
      this.#sessions.send(nodeId, { kind: "manifest-news", entries: part, complete: isComplete });
    }
  }

  /**
   * Ends sessions of nodes that were removed, or that the catalog calls down: a node comes up with a new session, so
   * that its copies are counted. `connected` must be older than `nodes`.
   */
  endStrangers(connected: ReadonlySet<NodeId>, nodes: readonly NodeRecord[]): void {
    const byId = new Map(nodes.map((node) => [node.id, node]));
    for (const nodeId of connected) {
      const node = byId.get(nodeId);
      if (node === undefined) this.#sessions.end(nodeId, new VsError("forbidden", "the node was removed"));
      else if (node.health === "down") this.endSilent(nodeId);
    }
  }

  endSilent(nodeId: NodeId): void {
    this.#sessions.end(nodeId, new VsError("unavailable", "the node was silent for too long; it must connect anew"));
  }
}
