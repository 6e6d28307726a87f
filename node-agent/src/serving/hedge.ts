// Asks one candidate, the next one too when it is slow or fails, and takes whoever answers first. The others are told
// to stop.
import type { Clock } from "@vstream/core/clock.ts";

export interface Hedge<Candidate, Answer> {
  /** Best first. */
  readonly candidates: readonly Candidate[];
  /** Ends when its signal is aborted; what it holds open it lets go of then, also after it has answered. */
  readonly ask: (candidate: Candidate, signal: AbortSignal) => Promise<Answer>;
  /** How long one is waited for before the next is asked too. */
  readonly patienceMs: number;
  readonly onFailed: (candidate: Candidate, thrown: unknown) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface Won<Candidate, Answer> {
  readonly candidate: Candidate;
  readonly answer: Answer;
}

type Outcome<Candidate, Answer> = { readonly candidate: Candidate } & (
  { readonly kind: "answered"; readonly answer: Answer } | { readonly kind: "failed"; readonly thrown: unknown }
);

interface Asked<Candidate, Answer> {
  readonly stop: AbortController;
  readonly outcome: Promise<Outcome<Candidate, Answer>>;
}

/** The first answer; null when all have failed. @throws the signal's reason */
export async function firstToAnswer<Candidate, Answer>(
  hedge: Hedge<Candidate, Answer>,
): Promise<Won<Candidate, Answer> | null> {
  const waiting = [...hedge.candidates];
  const asked = new Map<Candidate, Asked<Candidate, Answer>>();
  const askNext = (): void => {
    const candidate = waiting.shift();
    if (candidate !== undefined) asked.set(candidate, ask(hedge, candidate));
  };
  try {
    askNext();
    while (asked.size > 0) {
      const outcomes = [...asked.values()].map(({ outcome }) => outcome);
      const first = await withPatience(outcomes, waiting.length > 0 ? hedge : null);
      hedge.signal.throwIfAborted();
      if (first?.kind === "answered") {
        asked.delete(first.candidate);
        return first;
      }
      if (first !== null) {
        asked.delete(first.candidate);
        hedge.onFailed(first.candidate, first.thrown);
      }
      askNext();
    }
    return null;
  } finally {
    for (const { stop } of asked.values()) stop.abort();
  }
}

function ask<Candidate, Answer>(hedge: Hedge<Candidate, Answer>, candidate: Candidate): Asked<Candidate, Answer> {
  const stop = new AbortController();
  const outcome = hedge.ask(candidate, AbortSignal.any([hedge.signal, stop.signal])).then(
    (answer) => ({ candidate, kind: "answered", answer }) as const,
    (thrown: unknown) => ({ candidate, kind: "failed", thrown }) as const,
  );
  return { stop, outcome };
}

// Null when none has come to an end within the patience.
async function withPatience<Given>(
  outcomes: readonly Promise<Given>[],
  patience: { readonly clock: Clock; readonly patienceMs: number } | null,
): Promise<Given | null> {
  if (patience === null) return await Promise.race(outcomes);
  const ended = new AbortController();
  const slow = patience.clock.sleep(patience.patienceMs, ended.signal).then(
    () => null,
    () => null,
  );
  try {
    return await Promise.race([...outcomes, slow]);
  } finally {
    ended.abort();
  }
}
