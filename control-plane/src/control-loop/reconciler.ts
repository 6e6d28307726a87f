// The one loop that decides: look at the catalog, compare with what should be, apply the difference, give out leases.
// It looks after every call and at least once a second; a call that is lost costs a second, nothing else.
import type { Logger } from "@vstream/core/log.ts";
import type { NodeId, TaskId } from "@vstream/core/ids.ts";
import type { Work } from "@vstream/core/media.ts";
import type { Snapshot, TaskRecord } from "../catalog/records.ts";
import { assignInTurn, nextDueAt } from "../planning/assign-leases.ts";
import type { Assignment } from "../planning/assign-leases.ts";
import type { PlanInput } from "../planning/cluster.ts";
import type { Decision } from "../planning/decisions.ts";
import { costPerFrame } from "../planning/encode-cost.ts";
import { planByAsset } from "../planning/plan.ts";
import { applyAll } from "./apply-decisions.ts";
import { followHealth } from "./follow-health.ts";
import { inStretches } from "./in-stretches.ts";
import type { EncodeBegun } from "./lease-table.ts";
import type { LoopParts } from "./loop-parts.ts";
import { WakeUp } from "./wake-up.ts";

/** Looks that follow directly upon decisions, before the loop waits for a call or its tick. */
const directLooks = 20;

const longestGatherMs = 100;

export class Reconciler {
  readonly #parts: LoopParts;
  readonly #log: Logger;
  readonly #wakeUp: WakeUp;
  readonly #failedOn = new Map<TaskId, NodeId>();
  #stopping = false;
  #lookMs = 0;
  #directLooks = 0;
  #dueAt: number | null = null;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#log = parts.log;
    this.#wakeUp = new WakeUp(parts.clock);
  }

  /** Takes over the leases that the catalog knows, each with its full time. To be awaited before agents connect. */
  async adoptLeases(): Promise<void> {
    const { catalog, clock, leases } = this.#parts;
    leases.follow(await catalog.queries.planningSnapshot(clock.now()));
  }

  kick(): void {
    this.#wakeUp.ring();
  }

  /** The next attempt of this task had better be elsewhere. */
  avoid(taskId: TaskId, nodeId: NodeId): void {
    this.#failedOn.set(taskId, nodeId);
  }

  /** Resolves once stop() was called and the last look has ended. */
  async run(): Promise<void> {
    const { clock, settings } = this.#parts;
    while (!this.#isStopping()) {
      await this.#wakeUp.wait(this.#pauseMs());
      if (this.#isStopping()) return;
      // Where looks take long, they rest as long in between: more is gathered, and half of the time is left to calls.
      await clock.sleep(Math.min(Math.max(settings.gatherMs, this.#lookMs), longestGatherMs));
      const startedMs = clock.monotonicMs();
      await this.#tryLook();
      this.#lookMs = clock.monotonicMs() - startedMs;
    }
  }

  stop(): void {
    this.#stopping = true;
    this.#wakeUp.ring();
  }

  // A method, so that the compiler does not take what it knew before an await for granted.
  #isStopping(): boolean {
    return this.#stopping;
  }

  #pauseMs(): number {
    const { clock, directory, settings } = this.#parts;
    const untilDue = this.#dueAt === null ? settings.tickMs : this.#dueAt - clock.now();
    const untilTold = directory.dueInMs() ?? settings.tickMs;
    return Math.min(settings.tickMs, untilTold, Math.max(0, untilDue));
  }

  async #tryLook(): Promise<void> {
    const { brakes, clock, leases, observer } = this.#parts;
    const startedMs = clock.monotonicMs();
    try {
      const changed = await this.#look();
      const ms = clock.monotonicMs() - startedMs;
      const { isCutOff, regions } = brakes;
      observer.onLook?.({ ms, isCutOff, brakedRegions: regions.size, verifications: leases.count("verify") });
      this.#directLooks = changed ? this.#directLooks + 1 : 0;
      if (changed && this.#directLooks < directLooks) this.#wakeUp.ring();
      if (this.#directLooks >= directLooks) this.#directLooks = 0;
    } catch (thrown) {
      this.#dueAt = null;
      this.#log.error({ err: thrown }, "a look at the catalog failed");
    }
  }

  /** Gives whether there may be more to decide at once. */
  async #look(): Promise<boolean> {
    const { brakes, clock, drains, encodeSpeeds, loads, settings } = this.#parts;
    const seen = await this.#readCatalog();
    const snapshot = await followHealth(seen.snapshot, this.#parts);
    const measured = { loads: loads.all(), encodeSpeeds: encodeSpeeds.all() };
    const input = { ...seen, snapshot, ...measured, brakedRegions: brakes.regions, settings };
    // Heartbeats and calls are answered in between: what is planned is held against the catalog when it is applied.
    const planned = await inStretches(planByAsset(input), clock);
    const decisions = [...this.#decideExpiry(), ...planned];
    await applyAll(this.#parts, decisions, snapshot);
    await drains.look(input);
    const hasDecided = decisions.some(isFollowed) || snapshot !== seen.snapshot;
    // What was decided is seen, and leased, by the next look, which follows at once; but not for ever.
    if (hasDecided && this.#directLooks < directLooks - 1) return true;
    this.#tell(snapshot);
    await this.#giveLeases(input);
    this.#dueAt = nextDueAt(input);
    return hasDecided;
  }

  async #readCatalog(): Promise<Pick<PlanInput, "snapshot" | "homeCounts">> {
    const { catalog, clock, directory, dispatcher, leases, sessions } = this.#parts;
    const connected = sessions.nodeIds();
    // Homes first: a count that is too old is too high for a node that is drained, never too low.
    // Asked for together, because each question alone would wake the reading thread once more.
    const [homeCounts, snapshot] = await Promise.all([
      catalog.queries.countHomes(),
      catalog.queries.planningSnapshot(clock.now()),
    ]);
    for (const ended of leases.follow(snapshot)) dispatcher.cancel(ended, "the task is not to run any more");
    dispatcher.endStrangers(connected, snapshot.nodes);
    directory.see(snapshot.nodes);
    return { snapshot, homeCounts };
  }

  #decideExpiry(): Decision[] {
    return this.#parts.leases.takeExpired().map(({ taskId, epoch, nodeId }) => {
      this.#failedOn.set(taskId, nodeId);
      this.#log.warn({ taskId, nodeId, epoch }, "lease expired");
      return { kind: "expire-lease", taskId, epoch, reason: "its lease was not renewed" };
    });
  }

  #tell(snapshot: Snapshot): void {
    const { dispatcher, news } = this.#parts;
    for (const [nodeId, entries] of news.since(snapshot)) dispatcher.tellNews(nodeId, entries);
  }

  async #giveLeases(input: PlanInput): Promise<void> {
    const { clock, sessions } = this.#parts;
    this.#forgetFailures(input.snapshot);
    const connected = sessions.nodeIds();
    const failedOn = this.#failedOn;
    const assignments = await inStretches(assignInTurn({ ...input, connected, failedOn }), clock);
    const decisions = assignments.map(({ task, nodeId }): Decision => {
      return { kind: "lease-task", taskId: task.id, nodeId, expectedEpoch: task.epoch };
    });
    const leased = await applyAll(this.#parts, decisions, input.snapshot);
    const byTask = new Map(assignments.map((assignment) => [assignment.task.id, assignment]));
    for (const task of leased) this.#grant(task, byTask.get(task.id), input.snapshot);
  }

  #grant(task: TaskRecord, assignment: Assignment | undefined, snapshot: Snapshot): void {
    if (assignment === undefined) return;
    const { dispatcher, leases } = this.#parts;
    const { nodeId, work } = assignment;
    const lease = { taskId: task.id, epoch: task.epoch, assetId: task.assetId, kind: task.kind, nodeId };
    leases.grant({ ...lease, ...this.#encodeBegun(task, work, snapshot) });
    this.#log.debug({ taskId: task.id, kind: task.kind, nodeId, epoch: task.epoch }, "lease granted");
    if (dispatcher.grant(task, nodeId, work)) return;
    leases.expireNow({ taskId: task.id, epoch: task.epoch });
    this.kick();
  }

  #encodeBegun({ assetId }: TaskRecord, work: Work, snapshot: Snapshot): { encode?: EncodeBegun } {
    if (work.kind !== "transcode") return {};
    const probe = snapshot.assets.find(({ asset }) => asset.id === assetId)?.asset.probe ?? null;
    if (probe === null) return {};
    return { encode: { costPerFrame: costPerFrame(probe, work.rungs), atMs: this.#parts.clock.monotonicMs() } };
  }

  #forgetFailures(snapshot: Snapshot): void {
    const open = new Set(snapshot.assets.flatMap((view) => view.openTasks.map((task) => task.id)));
    for (const taskId of this.#failedOn.keys()) if (!open.has(taskId)) this.#failedOn.delete(taskId);
  }
}

// What comes to rest needs nothing more, nor does a node that is empty.
function isFollowed({ kind }: Decision): boolean {
  return kind !== "settle-asset" && kind !== "set-scheduling";
}
