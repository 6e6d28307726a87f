// Starts and stops one program of a local cluster. It outlives vsctl: its own session, its output in its log file.
import { spawn } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { findProgram } from "./find-program.ts";
import type { ProgramKind } from "./find-program.ts";
import { identify, isRunning, signalProcess } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";

/** A graceful stop may take this long; then the program is killed. */
export const stopLimitMs = 20_000;
const pollMs = 50;

export interface StartedProgram {
  readonly name: string;
  readonly logFile: string;
  /** Where in its log this run begins. */
  readonly logStart: number;
  readonly identity: ProcessIdentity;
  /** Exit code or signal; none while it runs. */
  ended(): string | undefined;
}

/** @throws VsError internal when it cannot be started at all */
export async function startProgram(
  kind: ProgramKind,
  files: { name: string; configFile: string; logFile: string; home: string },
): Promise<StartedProgram> {
  mkdirSync(dirname(files.logFile), { recursive: true });
  const log = openSync(files.logFile, "a");
  const logStart = fstatSync(log).size;
  const child = spawn(process.execPath, [findProgram(kind), "--config", files.configFile], {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: files.home,
    env: environment(),
  });
  let end: string | undefined;
  child.once("exit", (code, signal) => {
    end = signal ?? `exit code ${String(code)}`;
  });
  try {
    await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  } finally {
    closeSync(log);
  }
  child.unref();
  const pid = child.pid ?? 0;
  const identity = identify(pid) ?? { pid, startTime: "" };
  return { name: files.name, logFile: files.logFile, logStart, identity, ended: () => end };
}

/** Returns when the process is gone: asked to stop first, killed after a while. */
export async function stopProgram(identity: ProcessIdentity, clock: Clock, limitMs = stopLimitMs): Promise<void> {
  signalProcess(identity, "SIGTERM");
  if (await isGoneWithin(identity, clock, limitMs)) return;
  signalProcess(identity, "SIGKILL");
  if (await isGoneWithin(identity, clock, limitMs)) return;
  throw new VsError("timed_out", `process ${identity.pid} does not end`);
}

async function isGoneWithin(identity: ProcessIdentity, clock: Clock, limitMs: number): Promise<boolean> {
  const until = clock.monotonicMs() + limitMs;
  while (isRunning(identity)) {
    if (clock.monotonicMs() > until) return false;
    await clock.sleep(pollMs);
  }
  return true;
}

// A variable that is meant for another agent on this host would override the files of all.
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VSTREAM|VSCTL)_/.test(name)));
}
