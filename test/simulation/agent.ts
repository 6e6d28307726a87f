// An agent as a program of the simulation: node-agent's own task runner, lease keeper, claims, manifest keeper, fetcher
// and upload reports over a simulated store, network and clock.
import { VsError, asVsError } from "@vstream/core/errors.ts";
import { objectsOf } from "@vstream/core/media.ts";
import type { AssetDemand, Load, Manifest, NodeDescription, ObjectRef, Work } from "@vstream/core/media.ts";
import type { AssetId, NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { ControlMessage } from "../../control-plane/src/control-loop/session.ts";
import { PeerFetcher } from "../../node-agent/src/replicate/fetcher.ts";
import type { Peers } from "../../node-agent/src/replicate/peers.ts";
import { replicatePiece } from "../../node-agent/src/replicate/replicate-piece.ts";
import { ManifestKeeper } from "../../node-agent/src/rpc/manifest-keeper.ts";
import { UploadReports } from "../../node-agent/src/serving/upload-reports.ts";
import type { LostCopies } from "../../node-agent/src/store/store.ts";
import { runDiscard } from "../../node-agent/src/tasks/run-discard.ts";
import { runVerify } from "../../node-agent/src/tasks/run-verify.ts";
import { nothingMade } from "../../node-agent/src/tasks/task-context.ts";
import type { TaskContext, TaskResult } from "../../node-agent/src/tasks/task-context.ts";
import { TaskRunner } from "../../node-agent/src/tasks/task-runner.ts";
import { AgentLink } from "./agent-link.ts";
import type { AgentLinkParts } from "./agent-link.ts";
import type { Disk } from "./disk.ts";
import { fetchFilm, make, makeCheck, makeImages, sourcePieceOf } from "./made-up-work.ts";
import type { Film, Maker } from "./made-up-work.ts";
import { SimStore, areRight, bytesFor } from "./sim-store.ts";
import type { Program } from "./virtual-time.ts";

/** How often the whole store is read again; days in a real one. */
export const scrubEveryMs = 20_000;
const until = new AbortController().signal;

export interface AgentGround extends Omit<AgentLinkParts, "program" | "nodeId"> {
  readonly films: ReadonlyMap<Sha256, Film>;
  readonly log: Logger;
  readonly trustsBytes: boolean;
  /** The agent that runs on a node now, from its peers' view. */
  readonly agentAt: (nodeId: NodeId) => Agent | undefined;
  readonly failure: () => number;
}

export interface AgentIdentity {
  readonly nodeId: NodeId;
  readonly description: NodeDescription;
  readonly disk: Disk;
}

/** What a viewer got. */
export type Served = "right" | "wrong" | "error";

export class Agent {
  readonly nodeId: NodeId;
  readonly program: Program;
  readonly store: SimStore;
  readonly link: AgentLink;
  demand: readonly AssetDemand[] = [];
  load: Partial<Load> = {};
  readonly #ground: AgentGround;
  readonly #who: AgentIdentity;
  readonly #runner: TaskRunner;
  readonly #manifests: ManifestKeeper;
  readonly #fetcher: PeerFetcher;
  #uploads: UploadReports | null = null;

  constructor(who: AgentIdentity, program: Program, ground: AgentGround) {
    const { log, random, trustsBytes } = ground;
    const { clock } = program;
    this.nodeId = who.nodeId;
    this.program = program;
    this.#who = who;
    this.#ground = ground;
    this.store = new SimStore({ disk: who.disk, program, random, trustsBytes });
    const store = this.store.asStore();
    this.link = new AgentLink({ ...ground, nodeId: who.nodeId, program });
    this.#fetcher = new PeerFetcher({ store, peers: this.#peers(), onDamage: this.onDamage.bind(this), log });
    this.#manifests = new ManifestKeeper({ store, getManifest: (query) => this.link.getManifest(query), clock, log });
    const reporting = {
      reportTask: this.link.reportTask.bind(this.link),
      reportPiece: this.link.reportPiece.bind(this.link),
      sendProgress: () => undefined,
    };
    const runWork = (work: Work, context: TaskContext): Promise<TaskResult> => this.#run(work, context);
    const onLost = (lost: LostCopies): void => {
      this.#tellLost(lost);
    };
    this.#runner = new TaskRunner({ clock, log, store, reporting, runWork, onLost, onEnded: () => undefined });
  }

  get name(): string {
    return this.#who.description.name;
  }

  get tasksRunning(): number {
    return this.#runner.running;
  }

  start(): void {
    const { clock } = this.program;
    const { log } = this.#ground;
    this.program.run(() => {
      const reportUpload = this.link.reportUpload.bind(this.link);
      void UploadReports.open({ store: this.store.asStore(), reportUpload, clock, log }).then((uploads) => {
        this.#uploads = uploads;
      });
      this.link.start({
        describe: () => this.#who.description,
        heartbeat: () => ({ load: this.#loadNow(), scrub: this.store.scrub, demand: this.demand }),
        leases: () => this.#runner.leases.leases(),
        inventory: () => this.#runner.answeredOf(this.store.inventory()),
        said: (word, incarnation) => {
          this.#hear(word, incarnation);
        },
        renewed: (renewal) => {
          this.#runner.leases.renew(renewal);
        },
        assetsUnknown: (assetIds) => {
          this.#sweep(assetIds);
        },
      });
      void this.#scrub();
    });
  }

  /** The whole source has come from a client. */
  async receive(assetId: AssetId, film: Film): Promise<void> {
    const uploads = this.#uploads;
    if (uploads === null) throw new VsError("unavailable", "the agent is starting");
    const piece = sourcePieceOf(film);
    await uploads.remember(assetId, null);
    for (const object of objectsOf(piece.content)) this.store.putMade(object);
    await this.store.recordPiece(assetId, piece);
    uploads.tell(assetId);
  }

  /** What a viewer gets who asks here for some object of the asset, as serving/ does it. */
  async serve(assetId: AssetId, at: number): Promise<Served> {
    try {
      const manifest = await this.#manifestOf(assetId);
      const objects = [...manifest.pieces, ...manifest.extras].flatMap((piece) => objectsOf(piece.content));
      const object = objects[Math.floor(at * objects.length)];
      if (object === undefined || manifest.deleted) return "error";
      return areRight(await this.#bytesOf(object, manifest)) ? "right" : "wrong";
    } catch {
      return "error";
    }
  }

  /** For peers: bytes as they stand on the disk. */
  readRaw(sha256: Sha256): Promise<Buffer> {
    return this.store.read(sha256);
  }

  /** An object was read wrong: what names it is dropped, and the control plane hears of it. */
  onDamage(sha256: Sha256): void {
    void this.store.dropDamaged(sha256).then((lost) => {
      if (lost !== null) this.#tellLost(lost);
    });
  }

  async #bytesOf(object: ObjectRef, manifest: Manifest): Promise<Uint8Array> {
    if (this.store.has(object.sha256)) {
      const bytes = await this.store.read(object.sha256);
      if (areRight(bytes)) return bytes;
      this.onDamage(object.sha256);
    }
    const holders = manifest.homeNodeIds.filter((home) => home !== this.nodeId);
    // What stands here is wrong, or not here: only what others have counts.
    const store = { ...bindAll(this.store), has: () => false };
    const { log } = this.#ground;
    const fetcher = new PeerFetcher({ store, peers: this.#peers(), onDamage: this.onDamage.bind(this), log });
    return await fetcher.fetchBytes(object, holders, until);
  }

  async #manifestOf(assetId: AssetId): Promise<Manifest> {
    const kept = this.store.getManifest(assetId);
    if (kept !== null) return kept;
    return await this.link.getManifest({ assetId, haveVersion: 0 });
  }

  #hear(word: ControlMessage, incarnation: string): void {
    switch (word.kind) {
      case "lease-grant": {
        const { taskId, assetId, epoch, term, timeLimitMs, work } = word;
        this.#runner.take({ taskId, assetId, fence: { incarnation, term, epoch }, timeLimitMs, work });
        return;
      }
      case "lease-cancel":
        this.#runner.leases.cancel(word.lease, word.reason);
        return;
      case "manifest-news":
        this.#manifests.hear(word);
        return;
      case "welcome":
      case "directory":
      case "heartbeat-ack":
      case "leases-renewed":
      case "query":
        return;
    }
  }

  #sweep(assetIds: readonly AssetId[]): void {
    for (const assetId of assetIds) {
      this.#manifests.forget(assetId);
      void this.store.discard(assetId, []);
    }
  }

  async #run(work: Work, context: TaskContext): Promise<TaskResult> {
    const store = this.store;
    switch (work.kind) {
      case "fetch":
        return await fetchFilm(this.#maker, work.url, context);
      case "discard":
        return await runDiscard({ store }, work, context);
      case "verify":
        return await runVerify(
          {
            store,
            onLost: (lost) => {
              this.#tellLost(lost);
            },
          },
          work,
          context,
        );
      case "replicate":
        await replicatePiece({
          store: { recordPiece: async () => context.keep(work.piece) },
          fetcher: this.#fetcher,
          assetId: context.assetId,
          piece: work.piece,
          holders: work.holders.filter((holder) => holder !== this.nodeId),
          signal: context.signal,
        });
        return { ...nothingMade, pieces: [work.piece] };
      case "probe":
      case "transcode":
      case "audio":
      case "text":
        return await make(this.#maker, work, context);
      case "check":
        return await makeCheck(this.#maker, context);
      case "images": {
        const { assetId } = context;
        const { pieces } = await this.link.getManifest({ assetId, haveVersion: 0, edition: work.edition });
        const video = pieces.filter(({ content }) => content.kind === "video");
        const objects = video.flatMap(({ content }) => objectsOf(content));
        return await makeImages(this.#maker, objects, { work, context });
      }
    }
  }

  get #maker(): Maker {
    const { films, failure, random } = this.#ground;
    const { toolchain } = this.#who.description;
    const { nodeId, program, store } = this;
    return { nodeId, toolchain, program, random, store, films, failure, fetcher: this.#fetcher };
  }

  #tellLost(lost: LostCopies): void {
    this.link.reportDamage(lost, until).catch(() => undefined);
  }

  async #scrub(): Promise<never> {
    for (;;) {
      await this.program.clock.sleep(scrubEveryMs * this.#ground.random.between(0.5, 1));
      for (const [sha256, object] of this.store.disk.objects) if (!object.isRight) this.onDamage(sha256);
    }
  }

  #loadNow(): Load {
    const { usedBytes, capacityBytes } = this.store.disk;
    const idle = { viewers: 0, egressBps: 0, connections: 0, processor: 0, disk: 0, egressLimitBps: 0 };
    return { ...idle, usedBytes, capacityBytes, tasksRunning: this.tasksRunning, viewersQuietMs: 60_000, ...this.load };
  }

  #peers(): Pick<Peers, "openObject" | "readRange" | "tellDamage"> {
    return {
      openObject: async (holder, object, _from, signal) => {
        const bytes = await this.#fetchFrom(holder, object, signal);
        return (async function* () {
          await Promise.resolve();
          yield bytes;
        })();
      },
      readRange: async (holder, object, _range, signal) => await this.#fetchFrom(holder, object, signal),
      tellDamage: async (holder, sha256) => {
        const { agentAt } = this.#ground;
        await this.#askPeer(holder, 0, () => Promise.resolve(agentAt(holder)?.onDamage(sha256)));
      },
    };
  }

  async #fetchFrom(holder: NodeId, object: ObjectRef, signal: AbortSignal): Promise<Buffer> {
    const { agentAt, random } = this.#ground;
    signal.throwIfAborted();
    const bytes = await this.#askPeer(holder, random.between(1, 30) + object.bytes / 20, async () => {
      const agent = agentAt(holder);
      if (agent === undefined) throw new VsError("peer_failed", "the peer is gone");
      return await agent.readRaw(object.sha256);
    });
    signal.throwIfAborted();
    // A bit flips on the way once in a while.
    return random.chance(0.01) ? bytesFor(false) : bytes;
  }

  async #askPeer<Answer>(holder: NodeId, transferMs: number, answer: () => Promise<Answer>): Promise<Answer> {
    const { network, place, agentAt } = this.#ground;
    const callee = (): Program | null => agentAt(holder)?.program ?? null;
    const to = agentAt(holder)?.name ?? holder;
    try {
      return await network.call({ from: place, to, caller: this.program, callee, answer, transferMs });
    } catch (thrown) {
      const error = asVsError(thrown);
      throw error.code === "object_missing" ? error : new VsError("peer_failed", error.message);
    }
  }
}

function bindAll(store: SimStore): Pick<SimStore, "putStream" | "putCached" | "readChecked"> {
  return {
    putStream: store.putStream.bind(store),
    putCached: store.putCached.bind(store),
    readChecked: store.readChecked.bind(store),
  };
}
