// Where a viewer asks: an order of nodes, and what it makes of their answers. Two kinds: like our player (any home, by
// homes.json) and like a plain player (pathways, by content steering).
import type { Answer, Line, Patience } from "./line.ts";
import type { Multivariant } from "./playlists.ts";

/** A media playlist of the asset, or something that one names. */
export interface Target {
  /** A rung's name, or `audio`. */
  readonly track: string;
  /** As the playlist writes it; none: the playlist itself. */
  readonly uri?: string;
}

export interface Route {
  readonly patience: Patience;
  /** Those to ask, best first. */
  candidates(): readonly string[];
  /** Where the target is on a candidate; null: it is not there. */
  urlOf(candidate: string, target: Target): string | null;
  /** It did not answer, or not as one that is well. */
  failed(candidate: string): void;
  succeeded(candidate: string): void;
  /** Learns where else to ask, until the signal. */
  keepFresh(signal: AbortSignal): void;
  /** Node that is asked first now, as a URL's origin, for reports. */
  readonly current: string;
}

/** Where a playback begins. */
export interface Entry {
  readonly line: Line;
  /** The multivariant playlist's URL on each node that the viewer was told of. */
  readonly urls: readonly string[];
  readonly onTrouble: (url: string, what: string) => void;
}

export type OpenRoute = (entry: Entry, first: { url: string; multivariant: Multivariant }) => Route;

/** All nodes were asked in vain: when they are asked again, at first and at most. */
const firstPauseMs = 500;
const longestPauseMs = 3_000;

/**
 * Asks one node after the other until one gives it. Goes on for as long as none of them says no.
 * @throws Error when every node said no, or the signal ended it
 */
export async function ask(
  entry: Entry,
  route: Route,
  wish: { target: Target; keepText: boolean; signal: AbortSignal },
): Promise<Answer & { url: string }> {
  let pauseMs = firstPauseMs;
  for (;;) {
    let status = 0;
    for (const candidate of route.candidates()) {
      const url = route.urlOf(candidate, wish.target);
      if (url === null) continue;
      const { answer, what } = await attempt(entry, { url, patience: route.patience, ...wish });
      status = answer?.status ?? 0;
      if (answer !== null && status >= 200 && status < 300) {
        route.succeeded(candidate);
        return { ...answer, url };
      }
      entry.onTrouble(url, what);
      // One object that is missing or refused says nothing of the node; a failure of its own does.
      if (status === 0 || status >= 500) route.failed(candidate);
      if (wish.signal.aborted) throw new Error("given up");
    }
    if (status >= 400 && status < 500)
      throw new Error(`no node gave ${wish.target.uri ?? wish.target.track}: ${status}`);
    await pause(pauseMs, wish.signal);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}

async function attempt(
  { line }: Entry,
  wish: { url: string; patience: Patience; keepText: boolean; signal: AbortSignal },
): Promise<{ answer: Answer | null; what: string }> {
  try {
    const answer = await line.get(wish);
    return { answer, what: `status ${answer.status}` };
  } catch (thrown) {
    return { answer: null, what: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** Returns when the time is over; throws when the signal came first. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((wake, reject) => {
    const timer = setTimeout(ended, durationMs);
    const aborted = (): void => {
      clearTimeout(timer);
      reject(new Error("given up"));
    };
    function ended(): void {
      signal.removeEventListener("abort", aborted);
      wake();
    }
    if (signal.aborted) aborted();
    else signal.addEventListener("abort", aborted, { once: true });
  });
}

/** Whether it has been given up by now; a signal changes while something is awaited. */
export function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}
