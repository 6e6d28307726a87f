// Rules on the times of one playlist's samples: that they join, are as long as the playlist says, and can be started at
// often enough. Pure.
import { finding } from "./findings.ts";
import type { Finding } from "./findings.ts";
import type { InitTrack } from "./init-segment.ts";
import type { MediaView } from "./views.ts";

const idrSeconds = 2;

/** @param frameSeconds of the asset's video */
export function checkTimes(
  { playlist, segments }: MediaView,
  { timeScale }: InitTrack,
  frameSeconds: number,
): Finding[] {
  const findings: Finding[] = [];
  const drift = new DriftMeter(frameSeconds);
  let expected: number | null = null;
  for (const [index, segment] of segments.entries()) {
    const listed = playlist.segments[index];
    if (segment === null || listed === undefined || segment.problem !== null || listed.discontinuity) {
      expected = null;
      drift.restart();
    }
    if (segment === null || listed === undefined) continue;
    let ticks = 0;
    for (const { decodeTicks, durationTicks } of segment.fragments) {
      if (decodeTicks !== null && expected !== null && decodeTicks !== expected) {
        const off = ((decodeTicks - expected) / timeScale).toFixed(6);
        const message = `a tfdt is ${decodeTicks}, where ${expected} is due: ${off} s apart`;
        findings.push(finding("Apple 7.3", listed.url, message));
      }
      expected = decodeTicks === null ? null : decodeTicks + durationTicks;
      ticks += durationTicks;
    }
    if (segment.problem !== null) continue;
    const runSeconds = drift.add(listed.durationSeconds - ticks / timeScale);
    if (runSeconds === null) continue;
    const off = `the EXTINF of a run that ends here are ${runSeconds.toFixed(6)} s off its samples`;
    findings.push(finding("Apple 8.1", listed.url, `${off}, a frame is ${frameSeconds.toFixed(6)} s`));
  }
  return findings;
}

export function checkIdrDistance({ playlist, segments }: MediaView, { timeScale }: InitTrack): Finding[] {
  let last: number | null = null;
  for (const [index, segment] of segments.entries()) {
    if (segment === null) {
      last = null;
      continue;
    }
    for (const { decodeTicks, durationTicks, samples, syncTicks } of segment.fragments) {
      if (decodeTicks === null) return [];
      // Cut at the first frame at or after two seconds.
      const most = idrSeconds + durationTicks / samples / timeScale + 0.001;
      for (const after of syncTicks) {
        const at = (decodeTicks + after) / timeScale;
        if (last !== null && at - last > most) {
          const where = playlist.segments[index]?.url ?? playlist.url;
          return [finding("Apple 1.13", where, `${(at - last).toFixed(3)} s lie between two IDR pictures`)];
        }
        last = at;
      }
    }
  }
  return [];
}

/** How far the sum of any run that ends here is from the truth, the worst. */
class DriftMeter {
  readonly #limitSeconds: number;
  #sum = 0;
  #least = 0;
  #most = 0;

  constructor(limitSeconds: number) {
    this.#limitSeconds = limitSeconds;
  }

  restart(): void {
    this.#sum = this.#least = this.#most = 0;
  }

  /** @returns the worst difference when it is beyond the limit */
  add(offSeconds: number): number | null {
    this.#sum += offSeconds;
    const worst = this.#sum - this.#least > this.#most - this.#sum ? this.#sum - this.#least : this.#sum - this.#most;
    this.#least = Math.min(this.#least, this.#sum);
    this.#most = Math.max(this.#most, this.#sum);
    // A microsecond is what EXTINF is written with.
    if (Math.abs(worst) <= this.#limitSeconds + 1e-6) return null;
    this.restart();
    return worst;
  }
}
