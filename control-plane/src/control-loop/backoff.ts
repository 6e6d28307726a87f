// When a task that failed may run again, by the kind of its failure.
import { errorKinds } from "@vstream/core/errors.ts";
import type { ErrorCode } from "@vstream/core/errors.ts";

/** A full disk is not emptied in a second. */
const storageRetryMs = 30_000;

// What could not be fetched from a node is there again only when that node is, or is known to be down (15 s): three
// attempts must not be over before that.
const fetchFailures: ReadonlySet<ErrorCode> = new Set(["peer_failed", "object_missing", "unavailable"]);
const fetchRetryMs = 8_000;

const usualRetryMs = 1_000;
const longestRetryMs = 30_000;

export interface FailedAttempt {
  readonly code: ErrorCode;
  /** How often the task had failed before. */
  readonly failuresBefore: number;
  readonly at: number;
}

/** Milliseconds since the epoch; null: never, since the source will not become another one. */
export function retryAt({ code, failuresBefore, at }: FailedAttempt): number | null {
  if (errorKinds[code].exitCode === 7) return null;
  if (code === "storage_full") return at + storageRetryMs;
  const first = fetchFailures.has(code) ? fetchRetryMs : usualRetryMs;
  return at + Math.min(longestRetryMs, first * 2 ** failuresBefore);
}
