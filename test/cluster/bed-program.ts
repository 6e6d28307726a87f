// One program of a bed: a real process with its own configuration and log, in its own network, that is stopped, killed,
// held and started again with real signals.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { CommandLine } from "./crowd.ts";
import { builtProgram } from "./repository.ts";

/** A graceful stop may take this long. */
const stopLimitMs = 20_000;

export type Setting = string | number | boolean | readonly string[] | Readonly<Record<string, string>>;

export interface ProgramFiles {
  readonly kind: "vstream-control" | "vstream-agent";
  readonly configFile: string;
  readonly logFile: string;
  /** How to start something where the program runs. */
  readonly place: CommandLine;
}

export class BedProgram {
  readonly #files: ProgramFiles;
  #settings: Readonly<Record<string, Setting>>;
  #child: ChildProcess | null = null;
  #startedAt = 0;

  constructor(files: ProgramFiles, settings: Readonly<Record<string, Setting>>) {
    this.#files = files;
    this.#settings = settings;
  }

  /** 0: it does not run. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Milliseconds since the epoch; of the last start. */
  get startedAt(): number {
    return this.#startedAt;
  }

  get runs(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Begins to start it, with these settings beside or in place of those of before. */
  async start(changes: Readonly<Record<string, Setting>> = {}): Promise<void> {
    if (this.runs) throw new Error(`${this.#files.configFile}: it runs already`);
    this.#settings = { ...this.#settings, ...changes };
    const { configFile, logFile, kind, place } = this.#files;
    for (const file of [configFile, logFile]) await mkdir(dirname(file), { recursive: true });
    // JSON's values are YAML's too.
    const lines = Object.entries(this.#settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
    await writeFile(configFile, lines.join(""));
    const [program, args] = place(process.execPath, [builtProgram(kind), "--config", configFile]);
    const log = openSync(logFile, "a");
    this.#startedAt = Date.now();
    this.#child = spawn(program, args, { stdio: ["ignore", log, log], env: plainEnvironment() });
    closeSync(log);
    await once(this.#child, "spawn");
  }

  /** To it, and to all that it started and that runs. */
  async signalTree(signal: NodeJS.Signals): Promise<void> {
    if (!this.runs) throw new Error(`${this.#files.configFile}: it does not run`);
    this.#child?.kill(signal);
    for (const pid of await descendantsOf(this.pid)) {
      // One that ended meanwhile hears nothing, and need not.
      if (existsSync(`/proc/${pid}`)) process.kill(pid, signal);
    }
  }

  /** Asked to end, killed when it does not; or killed at once. Returns when the process is gone. */
  async end(how: "asked" | "killed"): Promise<void> {
    const child = this.#child;
    if (child === null || !this.runs) return;
    const gone = once(child, "exit");
    // One that is held hears of nothing else.
    child.kill(how === "asked" ? "SIGTERM" : "SIGKILL");
    child.kill("SIGCONT");
    const timer = setTimeout(() => child.kill("SIGKILL"), stopLimitMs);
    await gone;
    clearTimeout(timer);
  }

  async log(): Promise<string> {
    return await readFile(this.#files.logFile, "utf8");
  }
}

async function descendantsOf(ancestor: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number)) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    // The name before it is in brackets and may hold anything.
    parents.set(pid, Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const found = [ancestor];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found.slice(1);
}

// A variable that is meant for another program would override the files, and a proxy leads out of the bed.
function plainEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(VSTREAM|VSCTL)_|_proxy$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
