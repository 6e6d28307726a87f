// Parts of a stream, as long as they keep coming.
import type { Clock } from "@vstream/core/clock.ts";

export interface Stillness {
  readonly clock: Clock;
  /** How long nothing may come. */
  readonly ms: number;
  /** Told once when it was too long; what it gives is thrown. */
  readonly onStill: () => Error;
}

/** @throws what the stream throws, or what `onStill` gives */
export async function* readUntilStill<Part>(
  stream: { readonly first: IteratorResult<Part>; readonly rest: AsyncIterator<Part> },
  stillness: Stillness,
): AsyncGenerator<Part> {
  const watch = watchFor(stillness);
  try {
    for (let part = stream.first; part.done !== true; part = await Promise.race([stream.rest.next(), watch.still])) {
      yield part.value;
      watch.moved();
    }
  } finally {
    watch.end();
  }
}

// One timer at a time, however many parts come: it looks when the last one came.
function watchFor({ clock, ms, onStill }: Stillness): { still: Promise<never>; moved: () => void; end: () => void } {
  const ended = new AbortController();
  const still = Promise.withResolvers<never>();
  // Nobody may be waiting when it happens.
  still.promise.catch(() => undefined);
  let movedAtMs = clock.monotonicMs();
  const look = async (): Promise<void> => {
    let leftMs = ms;
    while (leftMs > 0) {
      await clock.sleep(leftMs, ended.signal);
      leftMs = movedAtMs + ms - clock.monotonicMs();
    }
    still.reject(onStill());
  };
  look().catch(() => undefined);
  return {
    still: still.promise,
    moved: () => {
      movedAtMs = clock.monotonicMs();
    },
    end: () => {
      ended.abort();
    },
  };
}
