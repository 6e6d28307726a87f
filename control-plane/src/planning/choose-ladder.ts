// What a source is encoded into. Depends on the probe and the ladder alone, so that the same source always gives the
// same targets. Never larger than the source, the source's aspect in every rung, sizes by the short side (a portrait
// film is treated as a landscape one is), even numbers, and at most as many lines as the ladder has.
import { VsError } from "@vstream/core/errors.ts";
import type { AudioTarget, ImagesTarget, Probe, Rung, VideoRange, VideoStream } from "@vstream/core/media.ts";
import { audioTargetsFor, imagesTargetFor } from "./choose-targets.ts";
import { usualLadders } from "./ladder-forms.ts";
import type { HevcForm, LadderForm, Ladders } from "./ladder-forms.ts";
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
 * Rungs from the largest to the smallest, at least one in H.264, and the targets beside them. Of one size those come
 * first that few players can show.
 * Frame rates stay as the probe gives them: it has thinned out what was above 60 a second.
 * @throws VsError invalid_argument for an unknown ladder
 */
export function chooseLadder(name: string, probe: Probe, ladders: Ladders = usualLadders): Ladder {
  const form = formOf(name, ladders);
  const plain = shortSidesFor(probe.video, form.lines).map((side) => rungOf(side, probe.video, form));
  const modern = form.hevc === undefined ? [] : hevcRungs(probe.video, form.hevc, form.rate);
  const rungs = [...modern, ...plain].sort((one, other) => shortSide(other) - shortSide(one));
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

function shortSidesFor(video: VideoStream, lines: readonly number[]): number[] {
  const own = evenBelow(Math.min(video.width, video.height));
  const usual = lines.filter((side) => side <= own);
  const largest = usual.at(-1);
  if (largest === undefined) return [own];
  const addsOwn = largest < (lines.at(-1) ?? 0) && own >= largest * ownSizeGain;
  return (addsOwn ? [...usual, own] : usual).toReversed();
}

function rungOf(side: number, video: VideoStream, { preset, crf, rate }: LadderForm): Rung {
  const size = sizeOf(side, video);
  return {
    ...{ name: `${String(side)}p`, ...size, codec: "h264", preset, crf },
    ...rateCapFor(size.width * size.height, { rate }),
    ...{ profile: "high", videoRange: "SDR" },
  };
}

function hevcRungs(video: VideoStream, { preset, lines, crf, hdr }: HevcForm, rate: number): Rung[] {
  const [least] = lines;
  if (least === undefined || Math.min(video.width, video.height) < least) return [];
  const ranges: readonly VideoRange[] = hdr && video.videoRange !== "SDR" ? [video.videoRange, "SDR"] : ["SDR"];
  return shortSidesFor(video, lines).flatMap((side) =>
    ranges.map((videoRange): Rung => {
      const [suffix, profile] = videoRange === "SDR" ? ["hevc", "main"] : ["hdr", "main10"];
      const size = sizeOf(side, video);
      return {
        ...{ name: `${String(side)}p-${suffix}`, ...size, codec: "hevc", preset, crf },
        ...rateCapFor(size.width * size.height, { rate, codec: "hevc", videoRange }),
        ...{ profile, videoRange },
      };
    }),
  );
}

function sizeOf(side: number, video: VideoStream): { width: number; height: number } {
  const long = Math.max(video.width, video.height);
  const short = Math.min(video.width, video.height);
  const scaled = Math.min(evenNearest((long * side) / short), evenBelow(long));
  return video.width >= video.height ? { width: scaled, height: side } : { width: side, height: scaled };
}

function shortSide({ width, height }: Rung): number {
  return Math.min(width, height);
}

function evenBelow(size: number): number {
  return Math.max(2, Math.floor(size / 2) * 2);
}

function evenNearest(size: number): number {
  return Math.max(2, Math.round(size / 2) * 2);
}
