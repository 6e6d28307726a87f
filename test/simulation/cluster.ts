// The machines of one simulation: a control plane, nodes with their disks and agents, and the network between them.
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import { newId } from "@vstream/core/ids.ts";
import type { NodeDescription } from "@vstream/core/media.ts";
import type { Logger } from "@vstream/core/log.ts";
import { Agent } from "./agent.ts";
import { Disk } from "./disk.ts";
import { hashOf } from "./made-up-work.ts";
import type { Film } from "./made-up-work.ts";
import { Network } from "./network.ts";
import { Plane, controlPlace } from "./plane.ts";
import type { Random } from "./random.ts";
import type { CatalogFile, CommandWatch } from "./sim-catalog.ts";
import { Program } from "./virtual-time.ts";
import type { VirtualTime, Wall } from "./virtual-time.ts";

/** A node's machine: what is left when no agent runs on it. */
export interface Machine {
  readonly nodeId: NodeId;
  readonly description: NodeDescription;
  readonly disk: Disk;
  readonly wall: Wall;
  agent: Agent | null;
  /** It stays away for ever. */
  isDead: boolean;
  /** Its disk was changed, and it has to join anew. */
  mustJoin: boolean;
}

export interface ClusterParts {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly file: CatalogFile;
  readonly watch: CommandWatch;
  readonly log: Logger;
  /** For the history. */
  readonly note: (line: string) => void;
  /** Of every node that ever was; it is filled here. */
  readonly disks: Map<NodeId, Disk>;
  readonly trustsBytes: boolean;
}

export class Cluster {
  readonly machines = new Map<NodeId, Machine>();
  readonly films = new Map<Sha256, Film>();
  readonly network: Network;
  readonly plane: Plane;
  readonly wall: Wall = { jumpMs: 0 };
  /** How likely an encode fails. */
  encodeFailure = 0.03;
  readonly #parts: ClusterParts;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    const { time, random } = parts;
    this.network = new Network(time, random.fork());
    this.plane = new Plane({ ...parts, wall: this.wall, network: this.network, random: random.fork() });
  }

  get living(): Machine[] {
    return [...this.machines.values()].filter((machine) => !machine.isDead);
  }

  /** Nodes that run and can talk with the control plane. */
  get reachable(): Machine[] {
    return this.living.filter(({ agent, description: { name } }) => {
      const way = this.network.way(name, controlPlace).cut || this.network.way(controlPlace, name).cut;
      return agent?.program.isAlive === true && !agent.program.isPaused && !way;
    });
  }

  /** Joins the cluster, as `vstream-agent` does with a token. @throws VsError unavailable */
  async join(description: NodeDescription, capacityBytes: number): Promise<Machine> {
    const nodeId = await this.#joinAs(description);
    const disk = new Disk(capacityBytes, (line) => {
      this.#parts.note(`${description.name} ${line}`);
    });
    const away = { agent: null, isDead: false, mustJoin: false };
    const machine: Machine = { nodeId, description, disk, wall: { jumpMs: 0 }, ...away };
    this.machines.set(nodeId, machine);
    this.#parts.disks.set(nodeId, disk);
    this.startAgent(machine);
    return machine;
  }

  /** Also after its disk was changed: then it joins anew under its name, once the control plane answers. */
  startAgent(machine: Machine): void {
    if (machine.isDead || machine.agent?.program.isAlive === true) return;
    if (!machine.mustJoin) {
      this.#launch(machine);
      return;
    }
    this.#joinAs(machine.description).then(
      () => {
        machine.mustJoin = false;
        this.startAgent(machine);
      },
      () => {
        this.#parts.time.after(2_000, () => {
          this.startAgent(machine);
        });
      },
    );
  }

  killAgent(machine: Machine): void {
    machine.agent?.program.kill();
    machine.agent = null;
  }

  #launch(machine: Machine): void {
    const { time, random, log, trustsBytes } = this.#parts;
    const program = new Program(time, machine.wall);
    const { films, network, plane } = this;
    machine.agent = new Agent(machine, program, {
      ...{ time, log, films, network, plane, trustsBytes },
      place: machine.description.name,
      random: random.fork(),
      agentAt: (nodeId) => this.machines.get(nodeId)?.agent ?? undefined,
      failure: () => this.encodeFailure,
    });
    machine.agent.start();
  }

  async #joinAs(node: NodeDescription): Promise<NodeId> {
    return await this.plane.ask(async ({ catalog, program }) => {
      const at = program.clock.now();
      const id = newId("token", at);
      const times = { createdAt: at, expiresAt: at + 60_000, usedAt: null, revokedAt: null };
      const scope = { kind: "node", name: node.name, region: "", role: "" } as const;
      await catalog.commands.createToken({ id, ...scope, ...times, secretSha256: hashOf(id) }, "user:operator");
      const joining = { tokenId: id, node, nodeId: newId("node", at), certificateExpiresAt: at + 1e9, at };
      return (await catalog.commands.joinNode(joining)).id;
    });
  }
}
