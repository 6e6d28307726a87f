// What is new in a log of which only the last lines are kept.

/** The lines of `now` after the longest end of `before` that `now` begins with. */
export function newLines(before: readonly string[], now: readonly string[]): readonly string[] {
  for (let shared = Math.min(before.length, now.length); shared > 0; shared -= 1) {
    const end = before.slice(before.length - shared);
    if (end.every((line, index) => line === now[index])) return now.slice(shared);
  }
  return now;
}
