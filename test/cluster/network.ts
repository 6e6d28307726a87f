// A network of its own for a test: a bridge, and for each host a namespace with one interface on it. Namespaces are
// held open by sleeping processes that die with the test, so that nothing is left of it even after kill -9: no name, no
// interface, no mount. The test itself is on the bridge too, under `testHost`.
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/** The test's own place on the network. */
export const testHost = "test";
/** Reserved for trying networks out (RFC 2544): no host has it, and each run takes one of 512 slices. */
const prefix = (slice: number): string => `198.${18 + Math.floor(slice / 256)}.${slice % 256}`;
const hostsLimit = 60;
const testHostNumber = 254;
/** Nobody's: frames to it are swallowed. */
const nobody = "02:00:00:00:00:01";

interface Host {
  readonly address: string;
  /** Of its only interface. */
  readonly device: string;
  /** Whose namespaces they are; null: the test's own. */
  readonly holder: ChildProcess | null;
  /** What takes back its cuts. */
  readonly undo: Set<string>;
  slowed: boolean;
}

interface Cut {
  readonly line: string;
  readonly undo: string;
}

/** Why no such network can be made here; null: it can. */
export function whyNoNetwork(): string | null {
  for (const [program, itsPackage] of [
    ["ip", "iproute2"],
    ["tc", "iproute2"],
    ["nsenter", "util-linux"],
    ["setpriv", "util-linux"],
  ] as const) {
    const found = spawnSync(program, ["--version"], { stdio: "ignore" });
    if (found.error !== undefined) return `${program} is missing (Debian's package ${itsPackage})`;
  }
  const tried = spawnSync("unshare", ["--net", "--mount", "ip", "link", "set", "lo", "up"], { encoding: "utf8" });
  return tried.status === 0 ? null : `network namespaces are not permitted here: ${tried.stderr.trim()}`;
}

export class Network implements AsyncDisposable {
  readonly #slice = prefix(randomInt(512));
  readonly #hosts = new Map<string, Host>();
  readonly #switch: ChildProcess;
  #ports = 0;

  private constructor(switchHolder: ChildProcess) {
    this.#switch = switchHolder;
  }

  /** @throws Error when namespaces are not permitted; see whyNoNetwork */
  static async open(): Promise<Network> {
    const network = new Network(await holdNamespaces());
    try {
      network.#inSwitch(["link add br0 type bridge", "link set br0 up"]);
      const device = `vst${String(process.pid % 1e6)}x${String(randomInt(1000))}`;
      network.#plug(device, process.pid);
      runIp([], [`addr add ${network.#slice}.${testHostNumber}/24 dev ${device}`, `link set ${device} up`]);
      network.#hosts.set(testHost, {
        address: `${network.#slice}.${testHostNumber}`,
        device,
        holder: null,
        undo: new Set(),
        slowed: false,
      });
    } catch (thrown) {
      await network[Symbol.asyncDispose]();
      throw thrown;
    }
    return network;
  }

  /** @param spare how many more addresses it has, after the first */
  async addHost(name: string, spare = 0): Promise<readonly string[]> {
    const taken = [...this.#hosts.values()].filter(({ holder }) => holder !== null).length;
    if (taken >= hostsLimit || this.#hosts.has(name)) throw new Error(`no room for a host ${name}`);
    const holder = await holdNamespaces();
    const address = `${this.#slice}.${taken + 1}`;
    this.#hosts.set(name, { address, device: "eth0", holder, undo: new Set(), slowed: false });
    this.#plug("eth0", holder.pid ?? 0);
    // Above those of hosts, below the test's.
    const more = Array.from({ length: spare }, (_, index) => `${this.#slice}.${hostsLimit + 1 + index}`);
    const addresses = [address, ...more];
    const lines = ["link set lo up", ...addresses.map((one) => `addr add ${one}/24 dev eth0`), "link set eth0 up"];
    runIp(entering(holder, ["--net"]), lines);
    return addresses;
  }

  address(name: string): string {
    return this.#host(name).address;
  }

  /** The command line that runs a program on a host, as a process that dies with the test. */
  commandOn(name: string, program: string, args: readonly string[]): readonly [string, readonly string[]] {
    const { holder } = this.#host(name);
    const entry = holder === null ? [] : entering(holder, ["--net", "--mount"]);
    return ["setpriv", ["--pdeathsig", "KILL", ...entry, program, ...args]];
  }

  /** A path of a host's, as the test sees it: what is mounted on the host is there too. */
  pathOn(name: string, path: string): string {
    const { holder } = this.#host(name);
    return holder === null ? path : `/proc/${String(holder.pid)}/root${path}`;
  }

  /** How much a host has sent since it was added. */
  sentBytes(name: string): number {
    const { device, holder } = this.#host(name);
    const table = readFileSync(`/proc/${String(holder?.pid ?? process.pid)}/net/dev`, "utf8");
    const row = table.split("\n").find((line) => line.trim().startsWith(`${device}:`)) ?? "";
    // Eight columns of what came, then what was sent.
    return Number(row.trim().split(/[\s:]+/)[9]);
  }

  /** An empty disk of a given size over a folder of the host's. */
  mountDisk(name: string, folder: string, sizeBytes: number): void {
    const args = ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", folder];
    const [program, itsArgs] = this.commandOn(name, "mount", args);
    runOrThrow([program, ...itsArgs]);
  }

  /** From now on nothing that one of these sends to one of those arrives; the senders hear nothing of it. */
  swallow(from: readonly string[], to: readonly string[]): void {
    this.#cut(from, to, (sender, { address }) => {
      const neighbour = `${address} dev ${sender.device}`;
      return { line: `neigh replace ${neighbour} lladdr ${nobody} nud permanent`, undo: `neigh del ${neighbour}` };
    });
  }

  /** The same, but those who send are told at once that there is no way. */
  refuse(from: readonly string[], to: readonly string[]): void {
    this.#cut(from, to, (_, { address }) => {
      return { line: `route replace unreachable ${address}/32`, undo: `route del unreachable ${address}/32` };
    });
  }

  /** Neither side hears of the other. */
  partition(one: readonly string[], other: readonly string[]): void {
    this.swallow(one, other);
    this.swallow(other, one);
  }

  /** Packets to and from it are swallowed, but for those of the test. */
  blackHole(name: string): void {
    this.partition([name], this.#othersThan(name));
  }

  /** What a host sends leaves at this rate at most. */
  slow(name: string, rateBps: number): void {
    const host = this.#host(name);
    const shape = ["rate", `${rateBps}bit`, "burst", "32kb", "latency", "400ms"];
    runThere(host, ["tc", "qdisc", "replace", "dev", host.device, "root", "tbf", ...shape]);
    host.slowed = true;
  }

  /** Everything arrives again, at full speed. */
  heal(): void {
    for (const host of this.#hosts.values()) {
      runIp(enteringOf(host.holder), [...host.undo]);
      host.undo.clear();
      if (host.slowed) runThere(host, ["tc", "qdisc", "del", "dev", host.device, "root"]);
      host.slowed = false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const holders = [this.#switch, ...[...this.#hosts.values()].flatMap(({ holder }) => holder ?? [])];
    await Promise.all(
      holders.map(async (holder) => {
        if (holder.exitCode !== null || holder.signalCode !== null) return;
        const closed = once(holder, "close");
        holder.kill("SIGKILL");
        await closed;
      }),
    );
  }

  #cut(from: readonly string[], to: readonly string[], cut: (sender: Host, receiver: Host) => Cut): void {
    for (const name of from) {
      const sender = this.#host(name);
      const cuts = to.filter((other) => other !== name).map((other) => cut(sender, this.#host(other)));
      runIp(
        enteringOf(sender.holder),
        cuts.map(({ line }) => line),
      );
      for (const { undo } of cuts) sender.undo.add(undo);
    }
  }

  #othersThan(name: string): string[] {
    return [...this.#hosts.keys()].filter((other) => other !== name && other !== testHost);
  }

  #host(name: string): Host {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  }

  /** A wire from the bridge into a process's network. */
  #plug(device: string, pid: number): void {
    const port = `p${String(this.#ports)}`;
    this.#ports += 1;
    this.#inSwitch([
      `link add ${port} type veth peer name ${device} netns ${pid}`,
      `link set ${port} master br0`,
      `link set ${port} up`,
    ]);
  }

  #inSwitch(lines: readonly string[]): void {
    runIp(entering(this.#switch, ["--net"]), lines);
  }
}

async function holdNamespaces(): Promise<ChildProcess> {
  const hold = ["sh", "-c", "echo held; exec sleep infinity"];
  const args = ["--pdeathsig", "KILL", "unshare", "--net", "--mount", ...hold];
  const holder = spawn("setpriv", args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  holder.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
  await Promise.race([once(holder.stdout, "data"), once(holder, "close")]);
  if (holder.exitCode !== null) throw new Error(`namespaces are not permitted here: ${said}`);
  return holder;
}

function entering(holder: ChildProcess, namespaces: readonly string[]): string[] {
  return ["nsenter", "--target", String(holder.pid), ...namespaces];
}

function enteringOf(holder: ChildProcess | null): string[] {
  return holder === null ? [] : entering(holder, ["--net"]);
}

function runIp(entry: readonly string[], lines: readonly string[]): void {
  if (lines.length === 0) return;
  runOrThrow([...entry, "ip", "-batch", "-"], `${lines.join("\n")}\n`);
}

function runThere({ holder }: Host, command: readonly string[]): void {
  runOrThrow([...enteringOf(holder), ...command]);
}

function runOrThrow([program = "", ...args]: readonly string[], input = ""): void {
  const ended = spawnSync(program, args, { input, encoding: "utf8" });
  if (ended.status !== 0) throw new Error(`${args.join(" ")}: ${ended.stderr}${ended.error?.message ?? ""}`);
}
