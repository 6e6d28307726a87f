// One simulation: a cluster, minutes of faults that the seed chooses, and a time in which all must come to rest.
import { openLog } from "@vstream/core/log.ts";
import type { Logger } from "@vstream/core/log.ts";
import { findUnrest } from "./at-rest.ts";
import { Cluster } from "./cluster.ts";
import { CommandOracle } from "./command-oracle.ts";
import type { Disk } from "./disk.ts";
import { Faults } from "./faults.ts";
import { Findings } from "./findings.ts";
import type { Violation } from "./findings.ts";
import { Operator } from "./operator.ts";
import { plant } from "./planted-bugs.ts";
import type { PlantedBug } from "./planted-bugs.ts";
import { simulatedSettings } from "./plane.ts";
import { Random, seedThePrograms } from "./random.ts";
import type { CatalogFile, CatalogFolder } from "./sim-catalog.ts";
import { Truth } from "./truth.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { VirtualTime } from "./virtual-time.ts";

export interface SimulationOptions {
  readonly seed: number;
  readonly bug?: PlantedBug | null;
  /** Hears every line of the history. */
  readonly print?: ((line: string) => void) | null;
  readonly log?: Logger;
}

export interface SimulationResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** The same for the same seed and the same code. */
  readonly historyHash: string;
  readonly events: number;
  readonly simulatedMs: number;
}

/** The last fault and the longest hold were this long ago: everything has to be in order. */
const convergeMs = Math.max(simulatedSettings.repairHoldMs, simulatedSettings.brakeHoldMs) + 60_000;
const lookEveryMs = 2_500;
/** In order once is not enough. */
const stayMs = 10_000;

const quiet = openLog({ program: "simulation", level: "silent" }).log;

/** One at a time in a process. */
export async function simulate(folder: CatalogFolder, options: SimulationOptions): Promise<SimulationResult> {
  const random = new Random(options.seed);
  using _seeded = seedThePrograms(random.fork());
  using _planted = plant(options.bug ?? null);
  using file = folder.open();
  const simulation = new Simulation(file, random, options);
  return await simulation.run();
}

class Simulation {
  readonly #time = new VirtualTime();
  readonly #random: Random;
  readonly #options: SimulationOptions;
  readonly #file: CatalogFile;
  readonly #findings: Findings;
  readonly #oracle: CommandOracle;
  readonly #cluster: Cluster;
  readonly #operator: Operator;
  readonly #truth: Truth;
  readonly #faults: Faults;
  #joined = 0;
  #isOver = false;

  constructor(file: CatalogFile, random: Random, options: SimulationOptions) {
    const time = this.#time;
    this.#file = file;
    this.#random = random;
    this.#options = options;
    const findings = new Findings(time, options.print ?? null);
    const disks = new Map<NodeId, Disk>();
    const truth = new Truth({ file, disks });
    const oracle = new CommandOracle({ file, truth, findings });
    const trustsBytes = options.bug === "bytes-are-trusted";
    const log = options.log ?? quiet;
    const note = (line: string): void => {
      findings.note(line);
    };
    const cluster = new Cluster({ time, random: random.fork(), file, watch: oracle, log, note, disks, trustsBytes });
    const operator = new Operator({ cluster, random: random.fork(), time, findings, file });
    const join = async (): Promise<void> => {
      await this.#join();
    };
    const faulty = { cluster, operator, oracle, random: random.fork(), time, findings, file, join };
    this.#faults = new Faults(faulty);
    this.#findings = findings;
    this.#truth = truth;
    this.#oracle = oracle;
    this.#cluster = cluster;
    this.#operator = operator;
  }

  async run(): Promise<SimulationResult> {
    this.#cluster.plane.start();
    void this.#tell();
    for (let slice = 0; !this.#isOver && slice < 10_000; slice += 1) {
      await this.#time.runUntil(this.#time.nowMs + 1_000, () => this.#isOver);
    }
    const { violations } = this.#findings;
    const historyHash = this.#findings.historyHash();
    const { events, nowMs: simulatedMs } = this.#time;
    return { seed: this.#options.seed, violations, historyHash, events, simulatedMs };
  }

  async #tell(): Promise<void> {
    try {
      await this.#begin();
      await this.#strike();
      await this.#comeToRest();
    } catch (thrown) {
      this.#findings.violate("bug", String(thrown instanceof Error ? thrown.stack : thrown));
    }
    this.#isOver = true;
  }

  async #begin(): Promise<void> {
    await this.#pass(500);
    const nodes = 3 + this.#random.below(4);
    for (let nth = 0; nth < nodes; nth += 1) await this.#join();
    await this.#pass(3_000);
    const assets = 1 + this.#random.below(3);
    for (let nth = 0; nth < assets; nth += 1) await this.#operator.ingest();
    // Some clusters are hit while they encode, some when all is done.
    await this.#pass(this.#random.between(1_000, 60_000));
  }

  async #strike(): Promise<void> {
    const random = this.#random;
    const endMs = this.#time.nowMs + random.between(60_000, 180_000);
    const pauseMs = random.between(500, 8_000);
    void this.#watchViewers(endMs + 30_000);
    while (this.#time.nowMs < endMs) {
      // Some of what people do takes its time, and other things go wrong meanwhile.
      await Promise.race([this.#faults.strike(), this.#pass(2_000)]);
      await this.#pass(random.between(0, 2 * pauseMs));
      await this.#oracle.checkEnds();
    }
    await this.#operator.checkPromises();
    this.#faults.mend();
  }

  async #comeToRest(): Promise<void> {
    const deadlineMs = this.#time.nowMs + convergeMs;
    let atRestSinceMs = Infinity;
    let unrest: string[] = [];
    while (this.#time.nowMs < deadlineMs + stayMs) {
      await this.#pass(lookEveryMs);
      await this.#operator.retryDead();
      unrest = await findUnrest(this.#parts());
      if (unrest.length > 0) atRestSinceMs = Infinity;
      else if (atRestSinceMs === Infinity) atRestSinceMs = this.#time.nowMs;
      if (this.#time.nowMs >= atRestSinceMs + stayMs) break;
    }
    for (const what of unrest.slice(0, 5)) this.#findings.violate("I8", what);
    await this.#oracle.checkEnds();
    await this.#operator.checkPromises();
  }

  async #watchViewers(endMs: number): Promise<void> {
    const { random, time } = { random: this.#random.fork(), time: this.#time };
    while (time.nowMs < endMs) {
      await this.#pass(random.between(200, 3_000));
      const agent = random.pick(this.#cluster.living)?.agent;
      const assetId = random.pick([...this.#operator.assets.keys()]);
      if (assetId === undefined || agent === null || agent === undefined) continue;
      const at = random.next();
      agent.program.run(() => {
        void agent.serve(assetId, at).then((served) => {
          this.#findings.note(`${agent.name} served ${assetId}: ${served}`);
          if (served === "wrong") this.#findings.violate("I6", `${agent.name} served wrong bytes of ${assetId}`);
        });
      });
    }
  }

  async #join(): Promise<void> {
    const random = this.#random;
    this.#joined += 1;
    const name = `n${this.#joined}`;
    const capacityBytes = random.chance(0.15) ? random.between(15_000, 40_000) : random.between(100_000, 400_000);
    const description = {
      name,
      region: random.pick(["eu", "us", "ap"]) ?? "eu",
      zone: random.pick(["", "a", "b"]) ?? "",
      labels: {},
      playbackUrl: `http://${name}:8080`,
      peerUrl: `https://${name}:8443`,
      version: "0.1.0",
      ffmpegVersion: "5.1.9",
      toolchain: random.chance(0.15) ? "x2" : "x1",
      encodeSlots: 1 + random.below(2),
      capacityBytes: Math.floor(capacityBytes),
    };
    this.#findings.note(`joins: ${JSON.stringify(description)}`);
    await this.#cluster.join(description, description.capacityBytes).catch(() => undefined);
  }

  #parts() {
    return { cluster: this.#cluster, operator: this.#operator, file: this.#file, truth: this.#truth };
  }

  async #pass(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#time.after(ms, resolve);
    });
  }
}
