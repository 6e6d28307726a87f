// What the agent does with what the control plane says, and what it says of itself. Called in the order of arrival;
// nothing here waits.
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import { rememberedLines } from "@vstream/core/log.ts";
import type { LogMemory, Logger } from "@vstream/core/log.ts";
import type { AssetDemand, Load, NodeAddress, NodeDescription } from "@vstream/core/media.ts";
import type { ClusterMemory } from "./cluster-memory.ts";
import type { Peers } from "./replicate/peers.ts";
import type {
  ControlListener,
  ControlSubject,
  HeartbeatContent,
  Lease,
  LeaseGrant,
  ManifestNews,
  Question,
  Renewal,
  Welcome,
} from "./rpc/control-messages.ts";
import type { ManifestKeeper } from "./rpc/manifest-keeper.ts";
import type { Serving } from "./serving/serving.ts";
import type { Store } from "./store/store.ts";
import type { TaskRunner } from "./tasks/task-runner.ts";

/** With at most `rememberedLines` of them a reply stays below the limit of a message. */
const answeredLineLength = 2_000;

export interface ConversationDeps {
  readonly store: Store;
  readonly peers: Pick<Peers, "setDirectory">;
  readonly runner: TaskRunner;
  readonly manifests: ManifestKeeper;
  readonly memory: ClusterMemory;
  readonly logMemory: LogMemory;
  readonly describe: () => NodeDescription;
  readonly load: () => Load;
  /** The most watched assets here, most watched first. */
  readonly demand: () => readonly AssetDemand[];
  readonly serving: Pick<Serving, "unfinishedUploads" | "forgetUploads">;
  readonly log: Logger;
}

export class Conversation implements ControlListener, ControlSubject {
  readonly #deps: ConversationDeps;

  constructor(deps: ConversationDeps) {
    this.#deps = deps;
  }

  describe(): NodeDescription {
    return this.#deps.describe();
  }

  heartbeat(): HeartbeatContent {
    const { store, load, demand } = this.#deps;
    return { load: load(), scrub: store.scrub, demand: demand() };
  }

  leases(): readonly Lease[] {
    return this.#deps.runner.leases.leases();
  }

  inventory(): ReadonlyMap<AssetId, readonly PieceId[]> {
    return this.#deps.runner.answeredOf(this.#deps.store.inventory());
  }

  async unfinishedUploads(): Promise<readonly AssetId[]> {
    const { serving, store } = this.#deps;
    return [...(await serving.unfinishedUploads()), ...(await store.partialSources.list())];
  }

  welcomed(welcome: Welcome): void {
    const { memory, peers } = this.#deps;
    memory.keepTicketKey(welcome.ticketKeyPem);
    memory.keepScheduling(welcome.scheduling);
    peers.setDirectory(memory.directory);
  }

  granted(grant: LeaseGrant): void {
    this.#deps.runner.take(grant);
  }

  renewed(renewal: Renewal): void {
    this.#deps.runner.leases.renew(renewal);
  }

  cancelled(lease: Lease, reason: string): void {
    this.#deps.log.info({ taskId: lease.taskId, reason }, "lease cancelled");
    this.#deps.runner.leases.cancel(lease, reason);
  }

  directoryChanged(nodes: readonly NodeAddress[]): void {
    this.#deps.peers.setDirectory(nodes);
    this.#deps.memory.keepDirectory(nodes);
  }

  manifestsChanged(news: ManifestNews): void {
    this.#deps.manifests.hear(news);
  }

  assetsUnknown(assetIds: readonly AssetId[]): void {
    const { store, manifests, log } = this.#deps;
    for (const assetId of assetIds) {
      manifests.forget(assetId);
      store.discard(assetId, []).then(
        () => {
          log.info({ assetId }, "deleted asset swept");
        },
        (err: unknown) => {
          log.warn({ err, assetId }, "deleted asset not swept");
        },
      );
    }
  }

  uploadsUnwanted(assetIds: readonly AssetId[]): void {
    const { log } = this.#deps;
    this.#forgetUploads(assetIds).catch((err: unknown) => {
      log.warn({ err }, "unwanted uploads not removed");
    });
  }

  answer(question: Question): readonly string[] {
    const lines = this.#linesFor(question);
    return lines.map((line) => line.slice(0, answeredLineLength));
  }

  disconnected(): void {
    // The link dials again; running tasks go on for as long as their leases are trusted.
  }

  // A source that is being fetched just now goes when its task has heard the same.
  async #forgetUploads(assetIds: readonly AssetId[]): Promise<void> {
    const { serving, store } = this.#deps;
    await serving.forgetUploads(assetIds);
    for (const assetId of assetIds) await store.partialSources.forget(assetId);
  }

  #linesFor(question: Question): readonly string[] {
    const { logMemory, runner } = this.#deps;
    if (question.kind === "node_log") return logMemory.last(Math.min(question.lines, rememberedLines));
    const lines = runner.logs.linesOf(question.taskId);
    if (lines !== null) return lines;
    throw new VsError("task_not_found", `this node remembers nothing of task ${question.taskId}`);
  }
}
