// The control plane as a program of the simulation: the real control loop over the real catalog. It can be killed at
// any moment and started again on the same file. What agents and operators ask passes through here, as through rpc/.
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Manifest, NodeDescription } from "@vstream/core/media.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Catalog, CatalogQueries } from "../../control-plane/src/catalog/catalog.ts";
import type { ControlLoop } from "../../control-plane/src/control-loop/control-loop.ts";
import { openControlLoop } from "../../control-plane/src/control-loop/open-control-loop.ts";
import type {
  AgentSession,
  ControlMessage,
  Heartbeat,
  LeaseRef,
} from "../../control-plane/src/control-loop/session.ts";
import type { LoopSettings } from "../../control-plane/src/control-loop/settings.ts";
import type { Network, StreamEnds } from "./network.ts";
import type { Random } from "./random.ts";
import { SimCatalog } from "./sim-catalog.ts";
import type { CatalogFile, CommandWatch } from "./sim-catalog.ts";
import { Program } from "./virtual-time.ts";
import type { VirtualTime, Wall } from "./virtual-time.ts";

export const controlPlace = "control";

const second = 1_000;

/** Holds are short, so that a simulation of minutes sees what follows upon them. */
export const simulatedSettings = {
  repairHoldMs: 20 * second,
  brakeHoldMs: 40 * second,
  trashMs: 60 * second,
  editionGraceMs: 30 * second,
  uploadLimitMs: 240 * second,
  drainQuietMs: 5 * second,
  coolMs: 20 * second,
  rebalanceMs: 10 * second,
  weighDemandMs: 5 * second,
  writeLoadsMs: 5 * second,
  completeNewsMs: 30 * second,
  hotBpsPerHome: 1_000_000,
  tickMs: 2 * second,
} satisfies Partial<LoopSettings>;

export type AgentWord =
  | { readonly kind: "hello"; readonly description: NodeDescription; readonly runningLeases: readonly LeaseRef[] }
  | { readonly kind: "heartbeat"; readonly beat: Heartbeat }
  | { readonly kind: "renew-leases"; readonly leases: readonly LeaseRef[] };

export interface PlaneParts {
  readonly file: CatalogFile;
  readonly time: VirtualTime;
  readonly wall: Wall;
  readonly random: Random;
  readonly network: Network;
  readonly watch: CommandWatch;
  readonly log: Logger;
}

/** What runs between a start and a kill. */
interface Running {
  readonly program: Program;
  readonly opened: SimCatalog;
  readonly catalog: Catalog;
  readonly loop: ControlLoop;
}

export class Plane {
  readonly #parts: PlaneParts;
  #program: Program | null = null;
  #running: Running | null = null;
  /** Of the disk under the catalog; kept over restarts. */
  commitMs = 0.5;

  constructor(parts: PlaneParts) {
    this.#parts = parts;
  }

  get program(): Program | null {
    return this.#program;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  start(): void {
    if (this.#program !== null) return;
    const { time, wall } = this.#parts;
    const program = new Program(time, wall);
    this.#program = program;
    program.run(() => void this.#open(program));
  }

  /** As kill -9 does it. */
  kill(): void {
    const program = this.#program;
    this.#program = null;
    this.#running = null;
    program?.kill();
  }

  /** It dies when a commit is durable and nobody has heard of it. */
  killAfterCommit(): void {
    if (this.#running !== null) {
      this.#running.opened.dieAfterCommit = () => {
        this.kill();
      };
    }
  }

  /** What was planned for it by killAfterCommit comes to nothing. */
  spare(): void {
    if (this.#running !== null) this.#running.opened.dieAfterCommit = null;
  }

  setCommitMs(ms: number): void {
    this.commitMs = ms;
    if (this.#running !== null) this.#running.opened.commitMs = ms;
  }

  /**
   * What somebody asks of the control plane that runs now. @throws VsError unavailable when none does, or it is killed
   * before it has answered: then nobody knows whether it was done
   */
  async ask<Given>(act: (plane: Pick<Running, "catalog" | "loop" | "program">) => Promise<Given>): Promise<Given> {
    const running = this.#running;
    if (running === null) throw new VsError("unavailable", "no control plane runs");
    const given = Promise.withResolvers<Given>();
    running.program.run(() => {
      act(running).then(given.resolve, given.reject);
    });
    const killed = running.program.killed.promise.then(() => {
      throw new VsError("unavailable", "the control plane was killed");
    });
    return await Promise.race([given.promise, killed]);
  }

  /** As the agent's service does it. */
  async getManifest(query: Parameters<CatalogQueries["getManifest"]>[0]): Promise<Manifest> {
    return await this.ask(async ({ catalog }) => {
      const manifest = await catalog.queries.getManifest(query);
      if (manifest !== null) return manifest;
      const state = (await catalog.queries.getAsset(query.assetId))?.asset.state;
      if (state === undefined) throw new VsError("asset_not_found", `there is no asset ${query.assetId}`);
      if (state === "deleting") throw new VsError("asset_deleted", `asset ${query.assetId} has been deleted`);
      throw new VsError("unavailable", `asset ${query.assetId} is ${state}`);
    });
  }

  /** The control plane's end of an agent's stream; null when nobody listens. */
  sessionEnd(nodeId: NodeId, say: (word: ControlMessage) => void, end: (why: VsError) => void): StreamEnds[0] | null {
    const running = this.#running;
    if (running === null) return null;
    const session = new SessionEnd(running.loop, { nodeId, say, end });
    return {
      place: controlPlace,
      program: running.program,
      hear: (word) => {
        session.hear(word as AgentWord);
      },
      ended: () => {
        session.close();
      },
    };
  }

  async #open(program: Program): Promise<void> {
    const { file, time, random, watch, log } = this.#parts;
    const opened = await SimCatalog.open({ file, time, program, random, watch });
    opened.commitMs = this.commitMs;
    const catalog = opened.asCatalog();
    const { clock } = program;
    const settings = simulatedSettings;
    const loop = await openControlLoop({ catalog, clock, log, ticketKeyPem: "key", settings });
    if (program.isAlive) this.#running = { program, opened, catalog, loop };
  }
}

interface SessionParts {
  readonly nodeId: NodeId;
  readonly say: (word: ControlMessage) => void;
  readonly end: (why: VsError) => void;
}

/** Fits a stream to the loop's session: what comes before the session is open waits. */
class SessionEnd {
  readonly #loop: ControlLoop;
  readonly #parts: SessionParts;
  #early: AgentWord[] = [];
  #session: AgentSession | null = null;
  #isOver = false;

  constructor(loop: ControlLoop, parts: SessionParts) {
    this.#loop = loop;
    this.#parts = parts;
  }

  hear(word: AgentWord): void {
    if (word.kind === "hello") void this.#open(word);
    else if (this.#session === null) this.#early.push(word);
    else pass(this.#session, word);
  }

  close(): void {
    this.#isOver = true;
    this.#session?.close();
  }

  async #open({ description, runningLeases }: Extract<AgentWord, { kind: "hello" }>): Promise<void> {
    const { nodeId, say, end } = this.#parts;
    try {
      const session = await this.#loop.openSession({ nodeId, description, runningLeases, send: say, end });
      this.#session = session;
      for (const word of this.#early) pass(session, word);
      this.#early = [];
      if (this.#isOver) session.close();
    } catch (thrown) {
      end(thrown as VsError);
    }
  }
}

function pass(session: AgentSession, word: AgentWord): void {
  if (word.kind === "heartbeat") session.heartbeat(word.beat);
  else if (word.kind === "renew-leases") session.renewLeases(word.leases);
}
