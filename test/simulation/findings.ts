// What was found wrong in one simulation, and what happened in it: a line for everything, as a hash that two runs are
// compared by, and as text when somebody wants to read it.
import { createHash } from "node:crypto";
import type { VirtualTime } from "./virtual-time.ts";

export interface Violation {
  /** I1 … I8 of the invariants. */
  readonly invariant: string;
  readonly atMs: number;
  readonly what: string;
}

/** More are not written down: the first ones tell. */
const violationLimit = 20;

export class Findings {
  readonly violations: Violation[] = [];
  readonly #time: VirtualTime;
  readonly #hash = createHash("sha256");
  readonly #print: ((line: string) => void) | null;

  constructor(time: VirtualTime, print: ((line: string) => void) | null) {
    this.#time = time;
    this.#print = print;
  }

  /** A part of the history. */
  note(line: string): void {
    this.#hash.update(`${this.#time.nowMs} ${line}\n`);
    this.#print?.(`${(this.#time.nowMs / 1_000).toFixed(3).padStart(9)} ${line}`);
  }

  violate(invariant: string, what: string): void {
    this.note(`VIOLATION ${invariant} ${what}`);
    if (this.violations.length < violationLimit) {
      this.violations.push({ invariant, atMs: this.#time.nowMs, what });
    }
  }

  /** To be asked once, at the end. */
  historyHash(): string {
    return this.#hash.digest("hex");
  }
}
