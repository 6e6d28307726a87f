// The test bed: a control plane and agents as real processes, each in a network namespace of its own, with viewers and
// everything that may happen to machines, disks and wires. Skipped with its reason where namespaces are not permitted.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { BedProgram } from "./bed-program.ts";
import type { Setting } from "./bed-program.ts";
import { documentOf, eventually, runVsctl } from "./cluster.ts";
import type { ClusterNode, ClusterState, Outcome } from "./cluster.ts";
import { Crowd } from "./crowd.ts";
import type { CrowdOptions } from "./crowd.ts";
import { Network, whyNoNetwork } from "./network.ts";
import { clip } from "./repository.ts";

export const control = "control";
const viewersHost = "viewers";
/** A node counts viewers by their addresses. */
const viewerAddresses = 50;
const adminPort = 7700;

export interface BedNode {
  readonly name: string;
  readonly region: string;
  /** Settings of its agent beside those that the bed gives. */
  readonly config?: Readonly<Record<string, Setting>>;
  /** A disk of its own of that size; none: the test's disk, without a limit. */
  readonly diskBytes?: number;
}

export interface BedOptions {
  readonly nodes?: readonly BedNode[];
  readonly controlConfig?: Readonly<Record<string, Setting>>;
}

interface NodeJson {
  readonly health: string;
  readonly scheduling: string;
  readonly lastSeenAt: string | null;
}

const usualNodes: readonly BedNode[] = [
  { name: "eu-1", region: "eu" },
  { name: "eu-2", region: "eu" },
  { name: "us-1", region: "us" },
];

/** Skips the test, saying why, where no bed can be built. For `before` and `it` alike. */
export function needsBed(test: Mocha.Context): void {
  const reason = whyNoNetwork();
  if (reason === null) return;
  process.stderr.write(`      skipped: ${reason}\n`);
  test.skip();
}

export class Bed implements AsyncDisposable {
  readonly folder: string;
  readonly network: Network;
  readonly #programs = new Map<string, BedProgram>();
  readonly #viewerAddresses: readonly string[];
  #nodes: ClusterNode[] = [];

  private constructor(folder: string, network: Network, viewerAddresses: readonly string[]) {
    this.folder = folder;
    this.network = network;
    this.#viewerAddresses = viewerAddresses;
  }

  /** Returns when every node is up. */
  static async start({ nodes = usualNodes, controlConfig = {} }: BedOptions = {}): Promise<Bed> {
    const network = await Network.open();
    const folder = await mkdtemp(join(tmpdir(), "vstream-bed-"));
    await network.addHost(control);
    const bed = new Bed(folder, network, await network.addHost(viewersHost, viewerAddresses));
    try {
      await bed.#startControl(controlConfig);
      for (const node of nodes) await bed.#addNode(node, nodes.length);
      await bed.#allUp(nodes.map(({ name }) => name));
    } catch (thrown) {
      const logs = await Promise.all([...bed.#programs.keys()].map((name) => bed.log(name).catch(() => "")));
      await bed[Symbol.asyncDispose]();
      throw new Error(`the bed does not start:\n${logs.map((log) => log.slice(-2000)).join("\n")}`, { cause: thrown });
    }
    return bed;
  }

  get state(): ClusterState {
    const address = `${this.network.address(control)}:${adminPort}`;
    const httpUrl = `http://${this.network.address(control)}:7702`;
    const controlPlane = { pid: this.#program(control).pid, address, httpUrl };
    return { config: this.#vsctlConfig, controlPlane, nodes: this.#nodes };
  }

  node(nameOrId: string): ClusterNode {
    const found = this.#nodes.find(({ name, id }) => name === nameOrId || id === nameOrId);
    if (found === undefined) throw new Error(`no node ${nameOrId}`);
    return { ...found, pid: this.#program(found.name).pid };
  }

  /** Runs vsctl, from the test's place on the network. */
  async vsctl(...args: string[]): Promise<Outcome> {
    return await runVsctl(args, { VSCTL_CONFIG: this.#vsctlConfig });
  }

  /** The same with --json. @throws Error when it does not end with 0 */
  async json<Document>(...args: string[]): Promise<Document> {
    return documentOf(args, await this.vsctl(...args, "--json")) as Document;
  }

  /** kill -9. Returns when the process is gone. */
  async kill(name: string): Promise<void> {
    await this.#program(name).end("killed");
  }

  /** Asked to stop, as by an operator. */
  async stop(name: string): Promise<void> {
    await this.#program(name).end("asked");
  }

  /** SIGSTOP of it and of all that it started, as when a machine stands still: they stay, and do nothing. */
  async pause(name: string): Promise<void> {
    await this.#program(name).signalTree("SIGSTOP");
  }

  async resume(name: string): Promise<void> {
    await this.#program(name).signalTree("SIGCONT");
  }

  /** Starts again what was killed or stopped, with other settings if so wished. Does not wait until it is up. */
  async start(name: string, changes: Readonly<Record<string, Setting>> = {}): Promise<void> {
    await this.#program(name).start(changes);
  }

  runs(name: string): boolean {
    return this.#program(name).runs;
  }

  /** Waits until vsctl says so of the node. */
  async until(name: string, wanted: { health?: string; scheduling?: string }, limitMs = 60_000): Promise<void> {
    await eventually(
      `${name} to be ${JSON.stringify(wanted)}`,
      async () => {
        const node = await this.#nodeOrNone(name);
        // What is known of it may be from before it was started.
        const heardAt = Date.parse(node?.lastSeenAt ?? "");
        if (wanted.health === "up" && !(heardAt >= this.#program(name).startedAt)) return undefined;
        const right = (key: "health" | "scheduling"): boolean =>
          wanted[key] === undefined || node?.[key] === wanted[key];
        return right("health") && right("scheduling") ? true : undefined;
      },
      limitMs,
    );
  }

  /** Viewers of an asset on a host of their own, each with its own address; they begin at the given nodes. */
  async watch(options: CrowdOptions): Promise<Crowd> {
    const place = (program: string, args: readonly string[]): readonly [string, readonly string[]] =>
      this.network.commandOn(viewersHost, program, args);
    return await Crowd.start({ localAddresses: this.#viewerAddresses, ...options }, place);
  }

  /** A clip put in, and ready unless something else is asked for. */
  async ingest<Document>(file = clip, ...flags: string[]): Promise<Document> {
    return await this.json<Document>("ingest", file, ...flags);
  }

  async log(name: string): Promise<string> {
    return await this.#program(name).log();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program.end("killed")));
    await this.network[Symbol.asyncDispose]();
    if (process.env["VSTREAM_KEEP"] === undefined) await rm(this.folder, { recursive: true, force: true });
  }

  get #vsctlConfig(): string {
    return join(this.folder, control, "files", "vsctl.json");
  }

  #program(name: string): BedProgram {
    const found = this.#programs.get(this.#nodes.find(({ id }) => id === name)?.name ?? name);
    if (found === undefined) throw new Error(`no program ${name}`);
    return found;
  }

  #addProgram(name: string, kind: "vstream-control" | "vstream-agent", settings: Record<string, Setting>): BedProgram {
    const program = new BedProgram(
      {
        kind,
        configFile: join(this.folder, name, "config.yaml"),
        logFile: join(this.folder, "logs", `${name}.log`),
        place: (called, args) => this.network.commandOn(name, called, args),
      },
      settings,
    );
    this.#programs.set(name, program);
    return program;
  }

  async #startControl(config: Readonly<Record<string, Setting>>): Promise<void> {
    const host = this.network.address(control);
    const listens = { listen: `${host}:${adminPort}`, agentListen: `${host}:7701`, httpListen: `${host}:7702` };
    const dataDir = join(this.folder, control, "files");
    await this.#addProgram(control, "vstream-control", { dataDir, ...listens, names: [host], ...config }).start();
    await eventually("the control plane to answer", async () =>
      (await this.vsctl("status")).code === 0 ? true : undefined,
    );
  }

  async #addNode({ name, region, config = {}, diskBytes }: BedNode, nodes: number): Promise<void> {
    await this.network.addHost(name);
    const host = this.network.address(name);
    const dataDir = join(this.folder, name, "store");
    await mkdir(dataDir, { recursive: true });
    if (diskBytes !== undefined) this.network.mountDisk(name, dataDir, diskBytes);
    const { secret } = await this.json<{ secret: string }>(
      ...["tokens", "create", "--for", "node", "--name", name, "--region", region],
    );
    const playbackUrl = `http://${host}:7800`;
    this.#nodes.push({ id: "", name, region, pid: 0, playbackUrl, dataDir: this.network.pathOn(name, dataDir) });
    await this.#addProgram(name, "vstream-agent", {
      name,
      region,
      dataDir,
      controlUrl: `https://${this.network.address(control)}:${adminPort}`,
      joinToken: secret,
      playbackListen: `${host}:7800`,
      peerListen: `${host}:7801`,
      // The agents share this machine's cores.
      encodeSlots: Math.max(1, Math.floor(availableParallelism() / nodes)),
      ...config,
    }).start();
  }

  async #allUp(names: readonly string[]): Promise<void> {
    for (const name of names) await this.until(name, { health: "up" });
    const { items } = await this.json<{ items: { id: string; name: string }[] }>("nodes", "list", "--limit", "100");
    this.#nodes = this.#nodes.map((node) => ({ ...node, id: items.find(({ name }) => name === node.name)?.id ?? "" }));
  }

  async #nodeOrNone(name: string): Promise<NodeJson | undefined> {
    const shown = await this.vsctl("nodes", "show", name, "--json");
    return shown.code === 0 ? (JSON.parse(shown.stdout) as NodeJson) : undefined;
  }
}
