// The people of a simulation: they ingest, delete, drain and remove, and what they were told is done they remember.
// An answer that was lost with a control plane leaves it open: they look again before they go on.
import { VsError, asVsError } from "@vstream/core/errors.ts";
import { newId, sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, TaskId } from "@vstream/core/ids.ts";
import type { AssetChanges } from "../../control-plane/src/catalog/catalog.ts";
import type { Scheduling, TaskRecord } from "../../control-plane/src/catalog/records.ts";
import { isExtra, isOver } from "../../control-plane/src/planning/asset-facts.ts";
import type { AdminDeps } from "../../control-plane/src/rpc/admin/admin-calls.ts";
import { isAwaitingSource, moveUpload, placeUpload } from "../../control-plane/src/rpc/admin/upload-place.ts";
import type { Cluster, Machine } from "./cluster.ts";
import type { Findings } from "./findings.ts";
import { hashOf, isOneOf, keepingOf, secondThoughtsOf, urlOf } from "./made-up-work.ts";
import type { Film } from "./made-up-work.ts";
import type { Random } from "./random.ts";
import type { CatalogFile } from "./sim-catalog.ts";
import { Program } from "./virtual-time.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What somebody was told of an asset. */
export interface Promised {
  readonly film: Film;
  state: "kept" | "deleted" | "open";
  /** The source was acknowledged. */
  hasSource: boolean;
  /** Its client has not given up. */
  isUploading: boolean;
}

/** unknown: whoever was asked died before the answer. */
type Outcome<Given> =
  { readonly kind: "done"; readonly given: Given } | { readonly kind: "refused" } | { readonly kind: "unknown" };

export interface OperatorParts {
  readonly cluster: Cluster;
  readonly random: Random;
  readonly time: VirtualTime;
  readonly findings: Findings;
  readonly file: CatalogFile;
}

const actor = "user:operator";

export class Operator {
  readonly assets = new Map<AssetId, Promised>();
  /** What each node was last told to be; open: an answer was lost. */
  readonly scheduling = new Map<NodeId, Scheduling | "open">();
  readonly #parts: OperatorParts;
  readonly #retriedExtras = new Set<TaskId>();
  /** A client is a program of its own that nobody kills. */
  readonly #client: Program;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
    this.#client = new Program(parts.time, { jumpMs: 0 });
  }

  /** A new asset, whose source then goes to its first home, again and again until it is there. */
  async ingest(): Promise<void> {
    const { cluster, random } = this.#parts;
    const film = this.#newFilm();
    const replicas = 1 + random.below(3);
    const nodes = [...cluster.machines.values()];
    const region = random.pick(nodes)?.description.region;
    const regions = random.chance(0.2) && region !== undefined ? [region] : [];
    const pin = random.chance(0.2) ? random.pick(cluster.living)?.nodeId : undefined;
    const pins = pin === undefined ? [] : [pin];
    const wish = { replicas, regions, pins, bytes: isFetched(film) ? 0 : film.bytes };
    const made = await this.#try("ingest", () => this.#create(film, wish));
    if (made.kind !== "done") return;
    // Some clients give up.
    const isUploading = !random.chance(0.08) && !isFetched(film);
    const promised: Promised = { film, state: "kept", hasSource: false, isUploading };
    this.assets.set(made.given, promised);
    this.#haveSecondThoughts(made.given, film);
    if (!isUploading) return;
    void this.#upload(made.given, promised).finally(() => {
      promised.isUploading = false;
    });
  }

  async delete(assetId: AssetId): Promise<void> {
    const promised = this.assets.get(assetId);
    if (promised === undefined) return;
    const before = promised.state;
    promised.state = "open";
    const { kind } = await this.#try(`delete ${assetId}`, (at, { commands }) =>
      commands.deleteAsset({ assetId, at, actor }),
    );
    if (kind !== "unknown") promised.state = kind === "done" ? "deleted" : before;
  }

  async undelete(assetId: AssetId): Promise<void> {
    const promised = this.assets.get(assetId);
    if (promised === undefined) return;
    const before = promised.state;
    promised.state = "open";
    const { kind } = await this.#try(`undelete ${assetId}`, (at, { commands }) =>
      commands.undeleteAsset({ assetId, at, actor }),
    );
    if (kind !== "unknown") promised.state = kind === "done" ? "kept" : before;
  }

  async cancel(assetId: AssetId): Promise<void> {
    await this.#try(`cancel ${assetId}`, (at, { commands }) => commands.cancelAsset({ assetId, at, actor }));
  }

  async update(assetId: AssetId, changes: AssetChanges): Promise<void> {
    await this.#try(`update ${assetId}: ${JSON.stringify(changes)}`, (at, { commands }) =>
      commands.updateAsset({ assetId, changes, at, actor }),
    );
  }

  async verify(assetId: AssetId): Promise<void> {
    await this.#try(`verify ${assetId}`, (at, { commands }) => commands.createVerification({ assetId, at, actor }));
  }

  async reencode(assetId: AssetId): Promise<void> {
    const ladder = this.#parts.random.pick(["default", "fast"]) ?? "default";
    await this.#try(`reencode ${assetId}`, (at, { commands }) =>
      commands.reencodeAsset({ assetId, ladder, at, actor }),
    );
  }

  /** Of an asset that plays, the edition that is being made. */
  async cancelReencode(assetId: AssetId): Promise<void> {
    await this.#try(`cancel reencode ${assetId}`, async (at, { commands, queries }) => {
      const found = await queries.getAsset(assetId);
      if (found?.asset.state !== "ready") throw new VsError("conflict", "the asset is not ready");
      return await commands.cancelAsset({ assetId, at, actor });
    });
  }

  async schedule({ nodeId, description }: Machine, scheduling: Scheduling): Promise<void> {
    const { random } = this.#parts;
    const onDeadline = random.chance(0.3) ? "force" : "hold";
    const limitMs = Math.floor(random.between(5_000, 60_000));
    const before = this.scheduling.get(nodeId) ?? "active";
    this.scheduling.set(nodeId, "open");
    const { kind } = await this.#try(`${scheduling} ${description.name}`, (at, { commands }) => {
      const drainDeadlineAt = scheduling === "draining" ? at + limitMs : null;
      return commands.setScheduling({ nodeId, scheduling, drainDeadlineAt, onDeadline, at, actor });
    });
    if (kind !== "unknown") this.scheduling.set(nodeId, kind === "done" ? scheduling : before);
  }

  /** By force, it also goes with what only it holds. */
  async remove(machine: Machine, force: boolean): Promise<void> {
    const { cluster } = this.#parts;
    const { nodeId, description } = machine;
    const before = this.scheduling.get(nodeId) ?? "active";
    this.scheduling.set(nodeId, "open");
    const { kind } = await this.#try(`remove ${description.name}${force ? " by force" : ""}`, (at, { commands }) =>
      commands.removeNode({ nodeId, force, at, actor }),
    );
    if (kind === "refused") this.scheduling.set(nodeId, before);
    if (kind === "refused" || (await this.#parts.file.ask("getNode", nodeId)) !== null) return;
    machine.isDead = true;
    cluster.killAgent(machine);
    cluster.machines.delete(nodeId);
    this.scheduling.delete(nodeId);
  }

  /** Tasks that died of what is over now run again. */
  async retryDead(): Promise<void> {
    const { file } = this.#parts;
    for (const assetId of this.assets.keys()) {
      const view = await file.ask("getAssetView", assetId);
      if (view?.asset.state !== "failed" && view?.asset.state !== "ready") continue;
      const dead =
        view.deadTasks.find((task) => ["fetch", "probe", "transcode", "audio"].includes(task.kind)) ??
        view.deadTasks.find((task) => isExtra(task) && this.#minds(task));
      if (dead === undefined || dead.error?.code === "not_media") continue;
      await this.#try(`retry ${dead.id}`, (at, { commands }) => commands.retryTask({ taskId: dead.id, at, actor }));
    }
  }

  /** What was acknowledged, held against the catalog as it is. */
  async checkPromises(): Promise<void> {
    const { file, findings } = this.#parts;
    for (const [assetId, promised] of this.assets) {
      const view = await file.ask("getAssetView", assetId);
      const isGone = view === null || view.asset.state === "deleting";
      if (promised.state === "kept" && isGone) findings.violate("I1", `${assetId} was created and is not there`);
      if (promised.state === "deleted" && !isGone) findings.violate("I1", `${assetId} was deleted and is there`);
      const hasSource = view?.pieces.some((piece) => piece.id === "source") ?? true;
      const isWanted = view !== null && view.asset.state !== "uploading" && !isOver(view.asset, sourcePieceId);
      if (promised.hasSource && !hasSource && isWanted) {
        findings.violate("I1", `the source of ${assetId} was acknowledged and is not known`);
      }
    }
    for (const [nodeId, wanted] of this.scheduling) {
      const is = (await file.ask("getNode", nodeId))?.scheduling;
      const isDone = is === wanted || (wanted === "draining" && is === "drained") || wanted === "open";
      if (!isDone) findings.violate("I1", `${nodeId} was acknowledged as ${wanted} and is ${is ?? "gone"}`);
    }
  }

  #haveSecondThoughts(assetId: AssetId, film: Film): void {
    const { cluster, time } = this.#parts;
    const thoughts = secondThoughtsOf(film);
    time.after(thoughts.afterMs, () => {
      if (thoughts.isCancelled) void this.cancel(assetId);
      const { changes } = thoughts;
      if (changes === null) return;
      const regions = [...new Set([...cluster.machines.values()].map(({ description }) => description.region))];
      const region = regions[changes.region % Math.max(1, regions.length)];
      const where = changes.isRegional && region !== undefined ? [region] : [];
      const names = { title: `${film.sha256.slice(0, 6)} again`, setLabels: {}, removeLabels: [], addSubtitles: [] };
      const { keepSource, replicasWanted } = changes;
      void this.update(assetId, { ...names, keepSource, replicasWanted, regions: where, pins: [] });
    });
  }

  // Text and images that could not be made, once. Afterwards they do without.
  #minds({ id }: TaskRecord): boolean {
    if (this.#retriedExtras.has(id)) return false;
    this.#retriedExtras.add(id);
    return true;
  }

  async #create(film: Film, wish: { replicas: number; regions: string[]; pins: NodeId[]; bytes: number }) {
    const { cluster, random } = this.#parts;
    const priority = random.below(3);
    return await cluster.plane.ask(async ({ catalog, loop, program }) => {
      const id = newId("asset", program.clock.now());
      const { homes, reasons } = await loop.chooseHomes({ assetId: id, ...wish });
      const names = { title: `film ${film.sha256.slice(0, 6)}`, labels: {}, externalId: null, ladder: "default" };
      const uploaded = { sourceSha256: film.sha256, sourceBytes: film.bytes, sourceUrl: null };
      const fetched = { sourceSha256: null, sourceBytes: 0, sourceUrl: urlOf(film) };
      const source = { sourceName: "film.mp4", ...(isFetched(film) ? fetched : uploaded) };
      const keepSource = keepingOf(film);
      const ways = { allowDamaged: false, keepSource, subtitleFiles: [], force: false } as const;
      const placed = { homes, homeReasons: reasons, pins: wish.pins, regions: wish.regions };
      const asset = { id, ...names, ...source, ...ways, ...placed, replicasWanted: wish.replicas, priority };
      await catalog.commands.createAsset({ ...asset, at: program.clock.now(), actor });
      loop.kick([id]);
      return id;
    });
  }

  // As a client does it: to the first home, from the beginning when that fails, and after a while elsewhere.
  async #upload(assetId: AssetId, promised: Promised): Promise<void> {
    const { cluster, random } = this.#parts;
    for (let failures = 0; failures < 60; failures += 1) {
      await this.#client.clock.sleep(random.between(500, 3_000));
      try {
        const told = await cluster.plane.ask(async ({ catalog, loop, program }) => {
          const asset = (await catalog.queries.getAsset(assetId))?.asset;
          if (asset?.state !== "uploading") return true;
          const deps = { catalog, loop, clock: program.clock } as unknown as AdminDeps;
          if (!(await isAwaitingSource(deps, asset))) return "there";
          const placed = failures % 4 === 3 ? await moveUpload(deps, asset) : await placeUpload(deps, asset);
          return placed.homes[0] ?? "nowhere";
        });
        if (told === true) return;
        promised.hasSource = told === "there";
        if (told !== "there") await this.#send(assetId, promised.film, told as NodeId);
      } catch {
        // The client tries again, until it has tried often enough.
      }
    }
  }

  async #send(assetId: AssetId, film: Film, nodeId: NodeId): Promise<void> {
    const { cluster, random } = this.#parts;
    const agent = cluster.machines.get(nodeId)?.agent;
    if (agent === undefined || agent === null) return;
    await this.#client.clock.sleep(random.between(200, 3_000));
    const sent = Promise.withResolvers<undefined>();
    agent.program.run(() => {
      agent.receive(assetId, film).then(() => {
        sent.resolve(undefined);
      }, sent.reject);
    });
    const late = this.#client.clock.sleep(5_000);
    await Promise.race([sent.promise, late, agent.program.killed.promise]);
  }

  #newFilm(): Film {
    const { cluster, random } = this.#parts;
    const serial = cluster.films.size;
    const segments = 1 + random.below(4);
    const sha256 = hashOf(`film ${serial} ${random.next()}`);
    const film = {
      sha256,
      bytes: 500 + random.below(4_000),
      segments,
      isMedia: !random.chance(0.05),
      textTracks: serial % 3,
      hasBadText: isOneOf(4, sha256),
      difficultChunk: segments > 1 && random.chance(0.15) ? 1 + random.below(segments - 1) : -1,
    };
    cluster.films.set(film.sha256, film);
    return film;
  }

  async #try<Given>(
    what: string,
    act: (at: number, catalog: Parameters<Parameters<Cluster["plane"]["ask"]>[0]>[0]["catalog"]) => Promise<Given>,
  ): Promise<Outcome<Given>> {
    const { cluster, findings } = this.#parts;
    try {
      const given = await cluster.plane.ask(async ({ catalog, loop, program }) => {
        const done = await act(program.clock.now(), catalog);
        loop.kick();
        return done;
      });
      findings.note(`operator: ${what}`);
      return { kind: "done", given };
    } catch (thrown) {
      const { code } = asVsError(thrown);
      findings.note(`operator: ${what} not done: ${code}`);
      return { kind: code === "unavailable" ? "unknown" : "refused" };
    }
  }
}

// Some sources come by URL.
function isFetched({ sha256 }: Film): boolean {
  return isOneOf(5, sha256);
}
