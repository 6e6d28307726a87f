// What goes wrong, and what people do meanwhile: one act after the other, each chosen by the seed, most of them over
// after a while. At the end all that can be mended is mended.
import type { Machine } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { CommandOracle } from "./command-oracle.ts";
import type { Findings } from "./findings.ts";
import type { Operator } from "./operator.ts";
import { controlPlace } from "./plane.ts";
import type { Random } from "./random.ts";
import type { CatalogFile } from "./sim-catalog.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface FaultParts {
  readonly cluster: Cluster;
  readonly operator: Operator;
  readonly oracle: CommandOracle;
  readonly random: Random;
  readonly time: VirtualTime;
  readonly findings: Findings;
  readonly file: CatalogFile;
  /** A new machine joins. */
  readonly join: () => Promise<void>;
}

interface Act {
  readonly name: string;
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  readonly run: () => Promise<void> | void;
}

/** Nodes that never come back, and nodes that may be removed, at most: something is to be left. */
const fewestMachines = 3;
const hourMs = 3_600_000;

export class Faults {
  readonly #parts: FaultParts;
  readonly #acts: readonly Act[];

  constructor(parts: FaultParts) {
    this.#parts = parts;
    // Each seed has a taste of its own: some acts are frequent, some are left out.
    this.#acts = this.#menu().map((act) => ({ ...act, weight: act.weight * parts.random.between(0, 2) ** 2 }));
  }

  /** One act. */
  async strike(): Promise<void> {
    const { findings, random } = this.#parts;
    let at = random.between(
      0,
      this.#acts.reduce((sum, { weight }) => sum + weight, 0),
    );
    const act = this.#acts.find(({ weight }) => (at -= weight) < 0);
    if (act === undefined) return;
    findings.note(`act: ${act.name}`);
    await act.run();
  }

  /** Every way is open, every clock right, and everybody who can be is back. */
  mend(): void {
    const { cluster, findings } = this.#parts;
    findings.note("all is mended");
    cluster.network.heal();
    cluster.network.copyShare = 0;
    cluster.encodeFailure = 0;
    cluster.wall.jumpMs = 0;
    cluster.plane.setCommitMs(0.5);
    cluster.plane.spare();
    cluster.plane.start();
    if (cluster.plane.program?.isPaused === true) cluster.plane.program.resume();
    for (const machine of cluster.living) this.#mendMachine(machine);
  }

  #mendMachine(machine: Machine): void {
    machine.wall.jumpMs = 0;
    machine.disk.ballastBytes = 0;
    if (machine.agent?.program.isPaused === true) machine.agent.program.resume();
    if (machine.agent !== null) Object.assign(machine.agent, { demand: [], load: {} });
    this.#parts.cluster.startAgent(machine);
  }

  #menu(): Act[] {
    return [...this.#programFaults(), ...this.#networkFaults(), ...this.#diskFaults(), ...this.#peoplesActs()];
  }

  #programFaults(): Act[] {
    const { cluster, time, random, findings } = this.#parts;
    const later = (act: () => void): void => {
      time.after(random.between(300, 40_000), act);
    };
    return [
      {
        name: "an agent is killed",
        weight: 3,
        run: () => {
          const machine = this.#machine();
          if (machine === undefined) return;
          findings.note(`killed: ${machine.description.name}`);
          cluster.killAgent(machine);
          later(() => {
            cluster.startAgent(machine);
          });
        },
      },
      {
        name: "an agent stands still",
        weight: 3,
        run: () => {
          const program = this.#machine()?.agent?.program;
          if (program === undefined) return;
          program.pause();
          later(() => {
            program.resume();
          });
        },
      },
      {
        name: "the control plane is killed",
        weight: 2,
        run: () => {
          cluster.plane.kill();
          time.after(random.between(100, random.chance(0.2) ? 30_000 : 3_000), () => {
            this.#restartPlane();
          });
        },
      },
      {
        name: "the control plane dies after a commit",
        weight: 2,
        run: () => {
          cluster.plane.killAfterCommit();
          time.after(random.between(2_000, 5_000), () => {
            this.#restartPlane();
          });
        },
      },
      {
        name: "the control plane stands still",
        weight: 1,
        run: () => {
          const program = cluster.plane.program;
          program?.pause();
          later(() => program?.resume());
        },
      },
      {
        name: "a machine is gone for ever",
        weight: 0.4,
        run: () => {
          this.#loseMachine();
        },
      },
      {
        name: "a clock is set",
        weight: 0.5,
        run: () => {
          const wall = random.chance(0.6) ? cluster.wall : this.#machine()?.wall;
          const jumpMs = (random.chance(0.5) ? 1 : 24) * hourMs * (random.chance(0.5) ? 1 : -1);
          if (wall === undefined) return;
          findings.note(`a clock goes by ${jumpMs / hourMs} h`);
          wall.jumpMs += jumpMs;
        },
      },
    ];
  }

  #networkFaults(): Act[] {
    const { cluster, random, time } = this.#parts;
    const { network } = cluster;
    const placesOf = (machines: readonly Machine[]): string[] => machines.map((machine) => machine.description.name);
    const cutFromControl = (places: readonly string[]): void => {
      const direction = random.below(3);
      const ways = places.flatMap((place) => [
        ...(direction === 1 ? [] : [network.way(place, controlPlace)]),
        ...(direction === 2 ? [] : [network.way(controlPlace, place)]),
      ]);
      for (const way of ways) way.cut = true;
      time.after(random.between(1_000, 45_000), () => {
        for (const way of ways) way.cut = false;
        network.flush();
      });
    };
    return [
      {
        name: "one is cut off",
        weight: 2,
        run: () => {
          cutFromControl(placesOf(this.#some(1)));
        },
      },
      {
        name: "two are cut off",
        weight: 1,
        run: () => {
          cutFromControl(placesOf(this.#some(2)));
        },
      },
      {
        name: "all are cut off",
        weight: 0.7,
        run: () => {
          cutFromControl(placesOf(cluster.living));
        },
      },
      {
        name: "two peers do not reach each other",
        weight: 1.5,
        run: () => {
          const [one, other] = placesOf(this.#some(2));
          if (one === undefined || other === undefined) return;
          network.cut(one, other);
          time.after(random.between(1_000, 60_000), () => {
            network.way(one, other).cut = false;
          });
        },
      },
      {
        name: "a way is slow and lossy",
        weight: 2,
        run: () => {
          const [place] = placesOf(this.#some(1));
          if (place === undefined) return;
          const bad = { delayMs: random.between(50, 1_500), loss: random.between(0, 0.5) };
          Object.assign(network.way(place, controlPlace), bad);
          if (random.chance(0.5)) Object.assign(network.way(controlPlace, place), bad);
        },
      },
    ];
  }

  #diskFaults(): Act[] {
    const { cluster, random, time, findings } = this.#parts;
    return [
      {
        name: "bytes flip",
        weight: 3,
        run: () => {
          this.#flip(1);
        },
      },
      {
        name: "many bytes flip",
        weight: 0.7,
        run: () => {
          this.#flip(6);
        },
      },
      {
        name: "a disk is full",
        weight: 1,
        run: () => {
          const disk = this.#machine()?.disk;
          if (disk === undefined) return;
          disk.ballastBytes = Math.max(0, disk.capacityBytes - disk.usedBytes);
          time.after(random.between(5_000, 60_000), () => {
            disk.ballastBytes = 0;
          });
        },
      },
      {
        name: "a disk is lost",
        weight: 0.7,
        run: () => {
          const machine = this.#machine();
          if (machine === undefined) return;
          findings.note(`disk lost: ${machine.description.name}`);
          cluster.killAgent(machine);
          machine.disk.wipe();
          machine.mustJoin = random.chance(0.5);
          time.after(random.between(300, 40_000), () => {
            cluster.startAgent(machine);
          });
        },
      },
      {
        name: "the catalog's disk is slow",
        weight: 0.7,
        run: () => {
          cluster.plane.setCommitMs(400);
          time.after(random.between(2_000, 20_000), () => {
            cluster.plane.setCommitMs(0.5);
          });
        },
      },
    ];
  }

  #peoplesActs(): Act[] {
    const { cluster, operator, random, join } = this.#parts;
    const asset = () => random.pick([...operator.assets.keys()]);
    const withAsset = (act: (id: NonNullable<ReturnType<typeof asset>>) => Promise<void>) => async () => {
      const id = asset();
      if (id !== undefined) await act(id);
    };
    const withMachine = (act: (machine: Machine) => Promise<void>) => async () => {
      const machine = this.#machine();
      if (machine !== undefined) await act(machine);
    };
    return [
      {
        name: "somebody ingests",
        weight: 3,
        run: async () => {
          if (operator.assets.size < 6) await operator.ingest();
        },
      },
      { name: "somebody deletes", weight: 0.7, run: withAsset((id) => operator.delete(id)) },
      { name: "somebody brings back", weight: 0.7, run: withAsset((id) => operator.undelete(id)) },
      { name: "somebody verifies", weight: 1, run: withAsset((id) => operator.verify(id)) },
      { name: "somebody encodes anew", weight: 5, run: withAsset((id) => operator.reencode(id)) },
      { name: "somebody cancels that", weight: 0.3, run: withAsset((id) => operator.cancelReencode(id)) },
      { name: "a node is drained", weight: 1.5, run: withMachine((node) => operator.schedule(node, "draining")) },
      { name: "a node is cordoned", weight: 1, run: withMachine((node) => operator.schedule(node, "cordoned")) },
      { name: "a node is uncordoned", weight: 2, run: withMachine((node) => operator.schedule(node, "active")) },
      {
        name: "a node is removed",
        weight: 0.7,
        run: withMachine(async (machine) => {
          if (cluster.living.length > fewestMachines) await operator.remove(machine, random.chance(0.2));
        }),
      },
      {
        name: "a node joins",
        weight: 0.7,
        run: async () => {
          if (cluster.living.length < 8) await join();
        },
      },
      {
        name: "viewers come and go",
        weight: 2,
        run: () => {
          this.#moveViewers();
        },
      },
      { name: "a strange report arrives", weight: 1.5, run: () => this.#forge() },
    ];
  }

  #restartPlane(): void {
    const { cluster, oracle } = this.#parts;
    cluster.plane.start();
    const old = oracle.lastBatch;
    this.#parts.time.after(200, () => {
      if (old !== null)
        void cluster.plane.ask(({ catalog }) => catalog.commands.applyDecisions(old)).catch(() => undefined);
    });
  }

  #machine(): Machine | undefined {
    return this.#parts.random.pick(this.#parts.cluster.living);
  }

  #some(count: number): Machine[] {
    const { cluster, random } = this.#parts;
    const all = cluster.living.map((machine) => ({ machine, at: random.next() }));
    return all
      .toSorted((one, other) => one.at - other.at)
      .slice(0, count)
      .map(({ machine }) => machine);
  }

  #loseMachine(): void {
    const { cluster, findings } = this.#parts;
    const machine = this.#machine();
    const dead = cluster.machines.size - cluster.living.length;
    // When most are gone, the control plane takes itself for cut off, and moves nothing: rightly.
    const isTooMany = dead + 1 >= cluster.living.length - 1;
    if (machine === undefined || isTooMany || cluster.living.length <= fewestMachines) return;
    findings.note(`gone for ever: ${machine.description.name}`);
    cluster.killAgent(machine);
    machine.isDead = true;
  }

  #flip(count: number): void {
    const { findings, random } = this.#parts;
    const machine = this.#machine();
    for (let nth = 0; machine !== undefined && nth < count; nth += 1) {
      const sha256 = random.pick([...machine.disk.objects.keys()]);
      if (sha256 === undefined) continue;
      findings.note(`spoilt on ${machine.description.name}: ${sha256.slice(0, 8)}`);
      machine.disk.spoil(sha256);
    }
  }

  #moveViewers(): void {
    const { cluster, operator, random } = this.#parts;
    for (const { agent } of cluster.living) {
      if (agent === null) continue;
      const egressBps = random.chance(0.5) ? 0 : random.between(0, 3_000_000);
      const assetId = random.pick([...operator.assets.keys()]);
      agent.demand = assetId === undefined || egressBps === 0 ? [] : [{ assetId, viewers: 5, egressBps }];
      agent.load = { egressBps, viewers: 5, viewersQuietMs: egressBps === 0 ? 60_000 : 0, processor: random.next() };
    }
  }

  // With an epoch, a node or an incarnation that is not the lease's.
  async #forge(): Promise<void> {
    const { cluster, file, random } = this.#parts;
    const leased = await file.db.selectFrom("tasks").selectAll().where("state", "=", "leased").execute();
    const task = random.pick(leased);
    const nodeId = task?.node_id ?? null;
    if (task === undefined || nodeId === null) return;
    const failure = { code: "ffmpeg_failed", message: "not mine to say", hint: "" } as const;
    await cluster.plane
      .ask(async ({ catalog, loop }) => {
        const { incarnation } = catalog.identity;
        const right = { taskId: task.id, nodeId, epoch: task.epoch, incarnation };
        const other = random.pick([...cluster.machines.keys()].filter((id) => id !== nodeId)) ?? nodeId;
        const wrong = random.pick([{ epoch: task.epoch - 1 }, { epoch: task.epoch + 1 }, { incarnation: "another" }]);
        const fence = { ...right, ...(random.chance(0.2) && other !== nodeId ? { nodeId: other } : wrong) };
        const outcome = random.chance(0.5)
          ? ({ kind: "failed", failure } as const)
          : ({ kind: "succeeded", probe: null, pieces: [], damagedPieceIds: [], check: null } as const);
        await loop.reportTask({ ...fence, log: [], outcome });
      })
      .catch(() => undefined);
  }
}
