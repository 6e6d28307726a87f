// Many viewers in a process of their own, so that what the test does meanwhile takes nothing from them. It ends with
// the test, however that ends.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ViewerOptions, ViewerReport } from "./viewer.ts";

const startLimitMs = 30_000;
const endLimitMs = 10_000;

export interface CrowdOptions extends Omit<ViewerOptions, "localAddress"> {
  readonly viewers: number;
  /** Where they come from, in turn; none: the system's choice. */
  readonly localAddresses?: readonly string[];
  /** The viewers begin within this time of each other, evenly; not all at once. */
  readonly startWithinMs?: number;
}

/** How to start a program somewhere else than here, in another network for instance. */
export type CommandLine = (program: string, args: readonly string[]) => readonly [string, readonly string[]];

export class Crowd implements AsyncDisposable {
  readonly #child: ChildProcess;
  #reports: readonly ViewerReport[] = [];
  #ended = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error("the viewers' process has no output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#reports = JSON.parse(line) as ViewerReport[];
    });
    child.once("close", () => (this.#ended = true));
  }

  /** Returns when every viewer plays. @throws Error when one cannot, half a minute after the last began */
  static async start(options: CrowdOptions, place?: CommandLine): Promise<Crowd> {
    const script = fileURLToPath(import.meta.resolve("./viewing/crowd-process.ts"));
    const args = [script, JSON.stringify(options)];
    const [program, itsArgs] = place?.(process.execPath, args) ?? [process.execPath, args];
    const crowd = new Crowd(spawn(program, itsArgs, { stdio: ["pipe", "pipe", "inherit"] }));
    const untilMs = performance.now() + (options.startWithinMs ?? 0) + startLimitMs;
    while (!crowd.#plays(options.viewers)) {
      if (crowd.#ended || performance.now() > untilMs) {
        const reports = await crowd.stop();
        throw new Error(`not every viewer plays: ${JSON.stringify(reports.flatMap((one) => one.troubles).slice(-5))}`);
      }
      await new Promise((wake) => setTimeout(wake, 100));
    }
    return crowd;
  }

  /** As of a second ago at most. */
  get reports(): readonly ViewerReport[] {
    return this.#reports;
  }

  /** Sends the viewers home; their last word. */
  async stop(): Promise<readonly ViewerReport[]> {
    if (!this.#ended) {
      const closed = once(this.#child, "close");
      // The end of its input is its sign to go; closing that twice does nothing.
      this.#child.stdin?.end();
      const timer = setTimeout(() => this.#child.kill("SIGKILL"), endLimitMs);
      await closed;
      clearTimeout(timer);
    }
    return this.#reports;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #plays(viewers: number): boolean {
    return this.#reports.length === viewers && this.#reports.every((one) => one.playedSeconds > 0);
  }
}

/** What a crowd noticed, in figures. */
export interface Noticed {
  readonly playbacks: number;
  readonly playedSeconds: number;
  readonly stalls: number;
  readonly longestStallMs: number;
  readonly failed: number;
  readonly wrongBytes: number;
}

export function noticedBy(reports: readonly ViewerReport[]): Noticed {
  const stalls = reports.flatMap((one) => one.stalls.map(({ durationMs }) => durationMs));
  const sum = (figure: (one: ViewerReport) => number): number => reports.reduce((total, one) => total + figure(one), 0);
  return {
    playbacks: sum((one) => one.playbacks),
    playedSeconds: Math.round(sum((one) => one.playedSeconds)),
    stalls: stalls.length,
    longestStallMs: Math.max(0, ...stalls),
    failed: sum((one) => one.failed.length),
    wrongBytes: sum((one) => one.wrongBytes.length),
  };
}
