// How fast the store is re-read: evenly over its period, and when it has fallen behind, faster up to a limit.

/** The most that a scrub which fell behind reads, against the even rate. */
const catchUp = 4;
/** However small the store and however busy the node, one part is read in this time. */
export const slowestMs = 60_000;

export interface ScrubStand {
  /** In which the whole store is to be read. */
  readonly periodMs: number;
  /** Since the pass began. */
  readonly elapsedMs: number;
  /** Of this pass, the part that was just read too. */
  readonly checkedBytes: number;
  readonly totalBytes: number;
  readonly partBytes: number;
}

/** How long to rest after a part was read. */
export function restMs(stand: ScrubStand): number {
  const { periodMs, elapsedMs, checkedBytes, partBytes } = stand;
  const totalBytes = Math.max(1, stand.totalBytes);
  // What was read may have been deleted since: then the pass has no time to lose, and none to wait for.
  const untilDueMs = Math.min(1, checkedBytes / totalBytes) * periodMs - elapsedMs;
  const fastestMs = ((partBytes / totalBytes) * periodMs) / catchUp;
  return Math.min(slowestMs, Math.max(untilDueMs, fastestMs));
}
