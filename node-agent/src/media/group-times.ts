// Pure: the decode times, durations and offsets of a group of pictures whose frames have planned times. The encoder
// only knows frame numbers; this gives every frame its true time, variable rates and holes included.

export interface SampleTimes {
  readonly decodeTime: number;
  readonly durationTicks: number;
  /** Presentation time minus decode time; never negative. */
  readonly compositionOffset: number;
}

/**
 * @param ranks for each sample in decoding order, its place in presentation order: a permutation of 0 … n−1
 * @param times when each is shown, ascending
 * @param endTicks when the next group begins
 */
export function timesOfGroup(ranks: readonly number[], times: readonly number[], endTicks: number): SampleTimes[] {
  const delay = Math.max(0, ...ranks.map((rank, index) => index - rank));
  const first = times[0] ?? 0;
  const second = times[1] ?? endTicks;
  // The first samples are decoded before anything but the first is due: they share the time up to the second.
  const decodeTimes = ranks.map((_, index) =>
    index <= delay ? first + Math.floor(((second - first) * index) / (delay + 1)) : (times[index - delay] ?? first),
  );
  const shownTimes = ranks.map((rank) => times[rank] ?? first);
  delayTheLast(decodeTimes, shownTimes, endTicks);
  return decodeTimes.map((decodeTime, index) => ({
    decodeTime,
    durationTicks: (decodeTimes[index + 1] ?? endTicks) - decodeTime,
    compositionOffset: (shownTimes[index] ?? first) - decodeTime,
  }));
}

// Players take a sample to be shown for as long as decoding takes to come to the next (Chrome's MSE does): what was
// decoded ahead of its time would reach into the next group. The last samples are decoded later instead, by as much as
// no sample needs. They stay in order, and none is decoded after it is shown.
function delayTheLast(decodeTimes: number[], shownTimes: readonly number[], endTicks: number): void {
  let next = endTicks;
  for (let index = decodeTimes.length - 1; index >= 0; index -= 1) {
    const leastTime = next - (endTicks - (shownTimes[index] ?? 0));
    next = Math.max(decodeTimes[index] ?? 0, leastTime);
    decodeTimes[index] = next;
  }
}
