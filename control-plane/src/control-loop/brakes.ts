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

  /** Gives what has changed, for the log of events. */
  follow({ isCutOff, isHoldOver, brakedRegions }: Omit<LivenessFindings, "changes">): BrakeNews[] {
    const news: BrakeNews[] = [];
    if (isCutOff !== this.#isCutOff) news.push(isCutOff ? cutOff : isHoldOver ? givenUp : heardAgain);
    const regions = [...new Set([...brakedRegions, ...this.#regions])].filter(
      (region) => brakedRegions.has(region) !== this.#regions.has(region),
    );
    news.push(...regions.map((subject) => ({ ...(brakedRegions.has(subject) ? held : released), subject })));
    this.#isCutOff = isCutOff;
    this.#regions = brakedRegions;
    for (const { kind, subject, message } of news) {
      if (kind === "brake.held" || kind === "brake.over") this.#log.error({ subject }, message);
      else this.#log.info({ subject }, message);
    }
    return news;
  }
}

/** An event: held, released because nodes were heard, or over because the hold was. The subject is a region, or all. */
export interface BrakeNews {
  readonly kind: "brake.held" | "brake.released" | "brake.over";
  readonly subject: string;
  readonly message: string;
}

const cutOff: BrakeNews = {
  kind: "brake.held",
  subject: "cluster",
  message: "most nodes fell silent together; nothing is moved",
};
const heardAgain: BrakeNews = { kind: "brake.released", subject: "cluster", message: "nodes are heard again" };
const givenUp: BrakeNews = {
  kind: "brake.over",
  subject: "cluster",
  message: "most nodes stayed silent for the whole hold; what they hold is made again",
};
const held = {
  kind: "brake.held",
  message: "most nodes of a region went down together; what they hold is not made again yet",
} as const;
const released = { kind: "brake.released", message: "a region is not held any more" } as const;
