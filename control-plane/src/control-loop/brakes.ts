// What is held back because many nodes fell silent together, as found by the newest look; each change is told once.
import type { Logger } from "@vstream/core/log.ts";
import type { LivenessFindings } from "./liveness.ts";

export interface BrakeState {
  /** This program is probably cut off from most nodes: nothing at all is moved. */
  readonly isCutOff: boolean;
  /** Most of their nodes went down together: what they hold is not made again yet. */
  readonly regions: ReadonlySet<string>;
}

export class Brakes implements BrakeState {
  readonly #log: Logger;
  #isCutOff = false;
  #regions: ReadonlySet<string> = new Set();

  constructor(log: Logger) {
    this.#log = log;
  }

  get isCutOff(): boolean {
    return this.#isCutOff;
  }

  get regions(): ReadonlySet<string> {
    return this.#regions;
  }

  follow({ isCutOff, brakedRegions }: Pick<LivenessFindings, "isCutOff" | "brakedRegions">): void {
    if (isCutOff && !this.#isCutOff) this.#log.error("most nodes fell silent together; nothing is moved");
    if (!isCutOff && this.#isCutOff) this.#log.info("nodes are heard again");
    this.#isCutOff = isCutOff;
    const before = this.#regions;
    this.#regions = brakedRegions;
    for (const region of brakedRegions) {
      if (before.has(region)) continue;
      this.#log.error({ region }, "most nodes of a region went down together; what they hold is not made again yet");
    }
    for (const region of before) {
      if (!brakedRegions.has(region)) this.#log.info({ region }, "a region is not held any more");
    }
  }
}
