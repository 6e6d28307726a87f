// Starts the programs that read media, bound to the agent's life and limits (process-guard.ts), and ends them for
// certain. fluent-ffmpeg starts its own: run-ffmpeg.ts.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { ProcessEnd } from "./ffmpeg-output.ts";
import { guardedArguments, guardedEnvironment, guardProgram } from "./process-guard.ts";
import { noteRun } from "./tool-runs.ts";

export interface ShortRun {
  readonly program: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal;
}

const shortOutputByteLimit = 1024 * 1024;

/** Runs a program that prints little; gives all that it printed on both its outputs. @throws when it cannot start */
export async function runToEnd(run: ShortRun): Promise<{ exitCode: number | null; text: string }> {
  const child = startGuarded(run.program, run.args, run.signal);
  const parts: Buffer[] = [];
  let total = 0;
  const take = (bytes: Buffer): void => {
    total += bytes.length;
    if (total <= shortOutputByteLimit) parts.push(bytes);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const { exitCode } = await ended(child);
  return { exitCode, text: Buffer.concat(parts).toString("utf8") };
}

export type GuardedProcess = ChildProcess & { stdout: Readable; stderr: Readable };

/** Starts a program; an abort kills it and whatever it started. */
export function startGuarded(program: string, args: readonly string[], signal: AbortSignal): GuardedProcess {
  noteRun(program, args);
  const child = spawn(guardProgram, guardedArguments(program, args, process.pid), {
    stdio: ["ignore", "pipe", "pipe"],
    ...surroundings(),
  });
  return killedBy(signal, child);
}

export type FedProcess = GuardedProcess & { stdin: Writable };

/** Starts a program that reads what is written to it; otherwise as above. */
export function startFed(program: string, args: readonly string[], signal: AbortSignal): FedProcess {
  noteRun(program, args);
  const child = spawn(guardProgram, guardedArguments(program, args, process.pid), {
    stdio: ["pipe", "pipe", "pipe"],
    ...surroundings(),
  });
  return killedBy(signal, child);
}

function surroundings(): { env: NodeJS.ProcessEnv; detached: boolean } {
  return { env: guardedEnvironment(process.env), detached: true };
}

function killedBy<Child extends ChildProcess>(signal: AbortSignal, child: Child): Child {
  const kill = (): void => {
    killGroup(child);
  };
  signal.addEventListener("abort", kill, { once: true });
  child.once("close", () => {
    signal.removeEventListener("abort", kill);
  });
  return child;
}

/** How it ended, once it is gone and has said everything. Rejects when it could not be started. */
export function ended(child: ChildProcess): Promise<ProcessEnd> {
  const { promise, resolve, reject } = Promise.withResolvers<ProcessEnd>();
  child.once("error", (error) => {
    if (child.pid === undefined) reject(error);
  });
  child.once("close", (exitCode, signal) => {
    resolve({ exitCode, signal });
  });
  return promise;
}

/** Kills for certain. A program named by the configuration may be a script that starts the real one: the group goes. */
export function killGroup(child: ChildProcess | null): void {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}
