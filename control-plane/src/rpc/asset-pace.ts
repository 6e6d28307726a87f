// What has to be remembered between two looks at an asset that is being made: how far it was (what is shown never goes
// back, although a task that is lost begins again), and how fast, evened out, since tasks come and go.
import type { Clock } from "@vstream/core/clock.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { RawProgress } from "./asset-progress.ts";

/** After so long, what was measured before counts for about a third. */
const evenedOverMs = 10_000;

/** The most assets that are remembered; those that were not looked at for longest are forgotten. */
const mostRemembered = 1_000;

/** As the wire has it: see Asset in admin.proto. */
export interface Progress extends Pick<RawProgress, "progress" | "step" | "nextProgress" | "speed"> {
  /** -1: not known. */
  readonly leftMs: number;
}

interface Memory {
  readonly atMs: number;
  readonly furthest: number;
  readonly furthestNext: number;
  readonly speed: number;
}

export class AssetPace {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #remembered = new Map<AssetId, Memory>();

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** Of an asset in work, at this moment. */
  follow(assetId: AssetId, raw: RawProgress): Progress {
    const before = this.#remembered.get(assetId);
    const memory = this.#advance(before, raw);
    this.#remembered.delete(assetId);
    this.#remembered.set(assetId, memory);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > mostRemembered && oldest !== undefined) this.#remembered.delete(oldest);
    return shown(raw, memory);
  }

  /** Nothing is being made of it any more. */
  forget(assetId: AssetId, raw: RawProgress): Progress {
    this.#remembered.delete(assetId);
    return shown(raw, { furthest: raw.progress, furthestNext: 0, speed: 0 });
  }

  #advance(before: Memory | undefined, raw: RawProgress): Memory {
    const atMs = this.#clock.monotonicMs();
    // A source that was lost is awaited anew: there it begins again.
    const isNew = before === undefined || raw.progress === 0;
    const kept = isNew || before.speed === 0 ? 0 : Math.exp((before.atMs - atMs) / evenedOverMs);
    return {
      atMs,
      furthest: Math.max(raw.progress, isNew ? 0 : before.furthest),
      furthestNext: Math.max(raw.nextProgress, isNew ? 0 : before.furthestNext),
      speed: (before?.speed ?? 0) * kept + raw.speed * (1 - kept),
    };
  }
}

/** Slower than this is no speed: nobody waits for weeks. */
const slowest = 0.001;

function shown(raw: RawProgress, { furthest, furthestNext, speed }: Omit<Memory, "atMs">): Progress {
  const { step, secondsLeft } = raw;
  const isKnown = speed >= slowest && secondsLeft !== null;
  const leftMs = isKnown ? Math.round((secondsLeft / speed) * 1000) : -1;
  return {
    progress: furthest,
    step,
    nextProgress: furthestNext,
    speed: secondsLeft === 0 || speed < slowest ? 0 : speed,
    leftMs: secondsLeft === 0 ? 0 : leftMs,
  };
}
