// When playback stood still though it should have gone on: neither paused nor seeking nor at its end.

export interface Stall {
  /** Wall time, milliseconds since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  /** Seconds into the asset. */
  readonly position: number;
}

const sampleMs = 100;
/** Shorter ones nobody sees. */
const shortestMs = 250;

/** Watches from the first moving picture on; the list grows as stalls end. */
export function watchStalls(video: HTMLVideoElement): readonly Stall[] {
  const stalls: Stall[] = [];
  let position = video.currentTime;
  let movedMs = performance.now();
  let started = false;
  setInterval(() => {
    const nowMs = performance.now();
    const moved = video.currentTime !== position;
    const meansToPlay = started && !video.paused && !video.seeking && !video.ended;
    if (!moved && meansToPlay && !document.hidden) return;
    const durationMs = nowMs - movedMs;
    // A tab in the background samples rarely: what it did meanwhile is unknown.
    if (moved && meansToPlay && durationMs > sampleMs + shortestMs && !document.hidden) {
      stalls.push({ at: Date.now() - durationMs, durationMs: Math.round(durationMs), position });
    }
    started ||= moved;
    position = video.currentTime;
    movedMs = nowMs;
  }, sampleMs);
  return stalls;
}
