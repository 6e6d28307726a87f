// Parts of a stream, as long as they keep coming, and fast enough while there is somebody faster to ask.
import type { Clock } from "@vstream/core/clock.ts";
import { RateWindow } from "./rate-window.ts";

const lookEveryMs = 250;

export interface Pace {
  readonly clock: Clock;
  /** How long nothing may come. */
  readonly stillMs: number;
  /** Below so many bytes a second, over all of the window, it is too slow; 0: it may be as slow as it likes. */
  readonly leastBytesPerSecond: number;
  readonly windowMs: number;
  /** Told once when it is left; what it gives is thrown. */
  readonly onLeft: (reason: "still" | "slow") => Error;
}

/** @throws what the stream throws, or what `onLeft` gives */
export async function* readAtPace(
  stream: { readonly first: IteratorResult<Uint8Array>; readonly rest: AsyncIterator<Uint8Array> },
  pace: Pace,
): AsyncGenerator<Uint8Array> {
  const watch = watchFor(pace);
  try {
    for (let part = stream.first; part.done !== true; part = await Promise.race([stream.rest.next(), watch.left])) {
      watch.came(part.value.length);
      yield part.value;
    }
  } finally {
    watch.end();
  }
}

interface Watch {
  /** Only ever rejects. */
  readonly left: Promise<never>;
  readonly came: (bytes: number) => void;
  readonly end: () => void;
}

// One timer at a time, however many parts come.
function watchFor({ clock, stillMs, leastBytesPerSecond, windowMs, onLeft }: Pace): Watch {
  const ended = new AbortController();
  const left = Promise.withResolvers<never>();
  // Nobody may be waiting when it happens.
  left.promise.catch(() => undefined);
  const startedAtMs = clock.monotonicMs();
  const rate = new RateWindow(windowMs);
  let cameAtMs = startedAtMs;
  const reasonAt = (nowMs: number): "still" | "slow" | null => {
    if (nowMs - cameAtMs >= stillMs) return "still";
    return nowMs - startedAtMs >= windowMs && rate.perSecond(nowMs) < leastBytesPerSecond ? "slow" : null;
  };
  const look = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(lookEveryMs, ended.signal);
      const reason = reasonAt(clock.monotonicMs());
      if (reason === null) continue;
      left.reject(onLeft(reason));
      return;
    }
  };
  look().catch(() => undefined);
  return {
    left: left.promise,
    came: (bytes) => {
      cameAtMs = clock.monotonicMs();
      rate.add(cameAtMs, bytes);
    },
    end: () => {
      ended.abort();
    },
  };
}
