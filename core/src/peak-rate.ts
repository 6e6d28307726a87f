// What the peak of a rate is: for those who write it into playlists and for those who hold it against the media.

export interface TimedBits {
  readonly bits: number;
  readonly seconds: number;
}

// Playlists have durations in microseconds, boxes in ticks: a run of just half a target duration is one by both.
const slackSeconds = 0.001;

/**
 * In bit/s, the largest rate of any run of segments that lasts 0.5 to 1.5 target durations (RFC 8216bis 4.4.6.2).
 * @returns 0 when no run does, as of a whole that is shorter: then the average is all that can be said
 */
export function peakRate(segments: readonly TimedBits[], targetSeconds: number): number {
  const [least, most] = [targetSeconds * 0.5 - slackSeconds, targetSeconds * 1.5 + slackSeconds];
  let peak = 0;
  for (let first = 0; first < segments.length; first += 1) {
    let [bits, seconds] = [0, 0];
    for (let last = first; last < segments.length; last += 1) {
      bits += segments[last]?.bits ?? 0;
      seconds += segments[last]?.seconds ?? 0;
      if (seconds > most) break;
      if (seconds >= least) peak = Math.max(peak, bits / seconds);
    }
  }
  return peak;
}
