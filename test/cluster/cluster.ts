// A real cluster for tests: the built programs as real processes on loopback, started and stopped by vsctl, killed
// with real signals. Everything that was started is ended when the cluster is disposed of.
import { spawn } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtProgram } from "./repository.ts";

export { clip, repository } from "./repository.ts";

export interface RunningProgram {
  readonly pid: number;
}
export interface ClusterNode extends RunningProgram {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly playbackUrl: string;
  readonly dataDir: string;
}
export interface ClusterState {
  readonly config: string;
  readonly controlPlane: RunningProgram & { readonly address: string; readonly httpUrl: string };
  readonly nodes: readonly ClusterNode[];
}
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
export interface AssetJson {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly durationSeconds: number;
  readonly renditions: readonly { readonly name: string; readonly width: number; readonly height: number }[];
  readonly replicas: readonly { readonly nodeId: string; readonly state: string }[];
  readonly degraded: { readonly wanted: number; readonly have: number } | null;
  readonly progress: number;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
}
export interface IngestJson {
  readonly asset: AssetJson & { readonly duplicate: boolean };
  readonly playback: {
    readonly watch: readonly string[];
    readonly hls: readonly string[];
    readonly dash: readonly string[];
  };
}

export interface ClusterOptions {
  readonly nodes?: number;
  readonly regions?: string;
  /** What the control plane's configuration says beside what `dev up` writes. */
  readonly controlConfig?: Readonly<Record<string, unknown>>;
  /** The same of agents, by their names. */
  readonly agentConfig?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export class Cluster implements AsyncDisposable {
  readonly folder: string;
  #state: ClusterState;

  private constructor(folder: string, state: ClusterState) {
    this.folder = folder;
    this.#state = state;
  }

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const folder = await mkdtemp(join(tmpdir(), "vstream-test-"));
    const args = ["dev", "up", "--dir", folder, "--json", "--nodes", String(options.nodes ?? 3)];
    const up = await runVsctl([...args, "--regions", options.regions ?? "eu,eu,us"], {});
    if (up.code !== 0) throw new Error(`dev up failed: ${up.stdout}${up.stderr}`);
    const cluster = new Cluster(folder, JSON.parse(up.stdout) as ClusterState);
    try {
      if (options.controlConfig !== undefined) await cluster.#configureControlPlane(options.controlConfig);
      for (const [name, values] of Object.entries(options.agentConfig ?? {})) {
        await cluster.#configureAgent(name, values);
      }
      return cluster;
    } catch (thrown) {
      await cluster[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  /** Starts a node's agent anew with more in its configuration than `dev up` writes. */
  async configureNode(name: string, values: Readonly<Record<string, unknown>>): Promise<void> {
    await this.stopProgram(name);
    const lines = Object.entries(values).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
    await appendFile(join(this.folder, "nodes", name, "agent.yaml"), lines.join(""));
    await this.startProgram(name);
  }

  async #configureControlPlane(values: Readonly<Record<string, unknown>>): Promise<void> {
    await this.stopProgram("control");
    await appendFile(join(this.folder, "control", "control.yaml"), linesOf(values));
    await this.startProgram("control");
    for (const { name } of this.#state.nodes) await this.#connected(name);
  }

  async #configureAgent(name: string, values: Readonly<Record<string, unknown>>): Promise<void> {
    await this.stopProgram(name);
    await appendFile(join(this.folder, "nodes", name, "agent.yaml"), linesOf(values));
    await this.startProgram(name);
    await this.#connected(name);
  }

  // What the catalog says of a node may be from before; what a node answers is not.
  async #connected(name: string): Promise<void> {
    await eventually(`${name} to be connected`, async () => {
      return (await this.vsctl("nodes", "logs", name, "--lines", "1")).code === 0 ? true : undefined;
    });
  }

  get state(): ClusterState {
    return this.#state;
  }

  node(name: string): ClusterNode {
    const found = this.#state.nodes.find((node) => node.name === name || node.id === name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  }

  /** Runs vsctl against this cluster. */
  async vsctl(...args: string[]): Promise<Outcome> {
    return await runVsctl(args, { VSCTL_CONFIG: this.#state.config });
  }

  /** Runs vsctl with --json and gives the document; fails the test when it does not end with 0. */
  async json<Document>(...args: string[]): Promise<Document> {
    return documentOf(args, await this.vsctl(...args, "--json")) as Document;
  }

  async refresh(): Promise<ClusterState> {
    const status = await runVsctl(["dev", "status", "--dir", this.folder, "--json"], {});
    this.#state = JSON.parse(status.stdout) as ClusterState;
    return this.#state;
  }

  /** kill -9 of a node's agent, or of the control plane. */
  kill(name: string, signal: NodeJS.Signals = "SIGKILL"): void {
    process.kill(name === "control" ? this.#state.controlPlane.pid : this.node(name).pid, signal);
  }

  /** Starts again what was killed or stopped. */
  async startProgram(name: string): Promise<void> {
    const outcome = await runVsctl(["dev", "start", name, "--dir", this.folder], {});
    if (outcome.code !== 0) throw new Error(`dev start ${name} failed: ${outcome.stderr}`);
    await this.refresh();
  }

  async stopProgram(name: string): Promise<void> {
    const outcome = await runVsctl(["dev", "stop", name, "--dir", this.folder], {});
    if (outcome.code !== 0) throw new Error(`dev stop ${name} failed: ${outcome.stderr}`);
  }

  async log(name: string): Promise<string> {
    return await readFile(join(this.folder, "logs", `${name}.log`), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await runVsctl(["dev", "down", "--dir", this.folder], {});
    if (process.env["VSTREAM_KEEP"] === undefined) await rm(this.folder, { recursive: true, force: true });
  }
}

// JSON's values are YAML's too.
function linesOf(values: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(values).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  return lines.join("");
}

/** Runs the built vsctl. The environment is the test's, without what would name another cluster. */
export async function runVsctl(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Outcome> {
  return await runProgram(process.execPath, [builtProgram("vsctl"), ...args], {
    VSCTL_CONFIG: "",
    VSCTL_SERVER: "",
    VSCTL_TOKEN: "",
    ...env,
  });
}

/** What vsctl printed with --json. @throws Error when it did not end with 0 */
export function documentOf(args: readonly string[], { code, stdout, stderr }: Outcome): unknown {
  if (code !== 0) throw new Error(`vsctl ${args.join(" ")} ended with ${code}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}

export async function runProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return await new Promise((settle, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
    child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
    child.once("error", reject);
    child.once("close", (code) => {
      settle({ code: code ?? -1, stdout, stderr });
    });
  });
}

/** Waits until the check gives something; fails with what it was waiting for. */
export async function eventually<Found>(
  what: string,
  check: () => Promise<Found | undefined> | Found | undefined,
  limitMs = 60_000,
): Promise<Found> {
  const endsAt = performance.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (performance.now() > endsAt) throw new Error(`waited ${limitMs} ms for ${what}`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}
