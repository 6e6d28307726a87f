// What a source is encoded into. Depends on the probe and the ladder alone, so that the same source always gives the
// same targets. Never larger than the source, the source's aspect in every rung, sizes by the short side (a portrait
// film is treated as a landscape one is), even numbers, and at most as many lines as the ladder has.
import { VsError } from "@vstream/core/errors.ts";
import type { AudioTarget, ImagesTarget, Probe, Rung, VideoStream } from "@vstream/core/media.ts";
import { audioTargetsFor, imagesTargetFor } from "./choose-targets.ts";
import { usualLadders } from "./ladder-forms.ts";
import type { LadderForm, Ladders } from "./ladder-forms.ts";
import { rateCapFor } from "./rate-cap.ts";

export interface Ladder {
  readonly rungs: readonly Rung[];
  readonly audio: readonly AudioTarget[];
  readonly images: ImagesTarget;
}

// A rung at the source's own size must be this much larger than the next lower one to be worth its processor time.
const ownSizeGain = 1.1;

/** @throws VsError invalid_argument that names the ladders there are */
export function assertLadderName(name: string, ladders: Ladders): void {
  formOf(name, ladders);
}

/**
 * Rungs from the largest to the smallest, at least one, and the targets beside them.
 * Frame rates stay as the probe gives them: it has thinned out what was above 60 a second.
 * @throws VsError invalid_argument for an unknown ladder
 */
export function chooseLadder(name: string, probe: Probe, ladders: Ladders = usualLadders): Ladder {
  const form = formOf(name, ladders);
  const rungs = shortSidesFor(probe.video, form).map((side) => rungOf(side, probe.video, form));
  return {
    rungs,
    audio: audioTargetsFor(probe.audio),
    images: imagesTargetFor(rungs, probe.durationSeconds),
  };
}

function formOf(name: string, ladders: Ladders): LadderForm {
  const form = ladders.get(name);
  if (form !== undefined) return form;
  throw new VsError("invalid_argument", `there is no ladder named ${JSON.stringify(name)}`, {
    hint: `Ladders: ${[...ladders.keys()].join(", ")}`,
  });
}

function shortSidesFor(video: VideoStream, { lines }: LadderForm): number[] {
  const own = evenBelow(Math.min(video.width, video.height));
  const usual = lines.filter((side) => side <= own);
  const largest = usual.at(-1);
  if (largest === undefined) return [own];
  const addsOwn = largest < (lines.at(-1) ?? 0) && own >= largest * ownSizeGain;
  return (addsOwn ? [...usual, own] : usual).toReversed();
}

function rungOf(side: number, video: VideoStream, { preset, crf, rate }: LadderForm): Rung {
  const long = Math.max(video.width, video.height);
  const short = Math.min(video.width, video.height);
  const scaled = Math.min(evenNearest((long * side) / short), evenBelow(long));
  const landscape = video.width >= video.height;
  return {
    name: `${String(side)}p`,
    width: landscape ? scaled : side,
    height: landscape ? side : scaled,
    codec: "h264",
    preset,
    crf,
    ...rateCapFor(side * scaled, rate),
    profile: "high",
    videoRange: "SDR",
  };
}

function evenBelow(size: number): number {
  return Math.max(2, Math.floor(size / 2) * 2);
}

function evenNearest(size: number): number {
  return Math.max(2, Math.round(size / 2) * 2);
}
