// A made timeline: 24 frames a second, a keyframe each second, packets of 1000 bytes after a header.
import type { Picture, Timeline } from "./timeline.ts";
import { planTimes } from "./encode-clock.ts";

/** To be shown as it is. */
export const plainPicture: Picture = {
  stream: 0,
  interlaced: false,
  fieldOrder: null,
  keepEvery: 1,
  countedAt: null,
  repeats: false,
  orientation: "upright",
  fitInto: null,
  colour: { matrix: "bt709", primaries: "bt709", transfer: "bt709", convertFrom: null, mapFrom: null },
};

export function madeTimeline(frames: number, skip: (frame: number) => boolean = () => false): Timeline {
  const numbers = Array.from({ length: frames }, (_, frame) => frame).filter((frame) => !skip(frame));
  const pts = Float64Array.from(numbers, (frame) => 1000 + frame * 512);
  const clock = { timeScale: 12_288, ticksPerFrame: 512, variable: false };
  const timeBase = { num: 1, den: 12_288 };
  const keyframes = pts.filter((_, index) => (numbers[index] ?? 0) % 24 === 0);
  const spans = [...keyframes].map((minPts, index) => ({
    ...{ key: true, minPts, maxPts: minPts + 23 * 512 },
    ...{ start: 5_000_000 + index * 24_000, end: 5_000_000 + (index + 1) * 24_000 },
  }));
  return {
    ...{ ...clock, timeBase, pts, keyframes, spans, plan: planTimes(pts, timeBase, clock) },
    layout: {
      fixed: [
        [0, 4000],
        [99_000_000, 99_005_000],
      ],
      seeksToPts: true,
    },
    picture: plainPicture,
  };
}
