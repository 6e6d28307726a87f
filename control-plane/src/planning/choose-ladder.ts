// What a source is encoded into. Depends on the probe and the ladder's name alone, so that the same source always
// gives the same targets. Never larger than the source, the source's aspect in every rung, sizes by the short side
// (a portrait film is treated as a landscape one is), even numbers, and at most 1080 lines.
import { VsError } from "@vstream/core/errors.ts";
import type { AudioTarget, Probe, Rung, VideoStream } from "@vstream/core/media.ts";
import { languageTag } from "./language-tag.ts";
import { rateCapFor } from "./rate-cap.ts";

export interface Ladder {
  readonly rungs: readonly Rung[];
  readonly audio: readonly AudioTarget[];
}

/** More audio streams than this are left out; the first ones stay. */
export const audioTrackLimit = 16;

// x264 presets. `fast` costs about twice the processor time of `veryfast` and saves about a tenth of the bits.
const presets: ReadonlyMap<string, string> = new Map([
  ["default", "fast"],
  ["fast", "veryfast"],
]);

// Apple's frame sizes (rule 1.25) that a 16:9 source of any usual size meets, without those nearer than a third.
const shortSides = [234, 360, 540, 720, 1080];

// A rung at the source's own size must be this much larger than the next lower one to be worth its processor time.
const ownSizeGain = 1.1;

// x264's usual visual quality; the cap holds what it would spend on difficult pictures.
const crf = 23;

export const ladderNames: readonly string[] = [...presets.keys()];

/** @throws VsError invalid_argument that names the ladders there are */
export function assertLadderName(name: string): void {
  if (presets.has(name)) return;
  throw new VsError("invalid_argument", `there is no ladder named ${JSON.stringify(name)}`, {
    hint: `Ladders: ${ladderNames.join(", ")}`,
  });
}

/**
 * Rungs from the largest to the smallest, at least one, and the audio targets.
 * Frame rates stay as they are; sources above 60 frames a second are not halved.
 * @throws VsError invalid_argument for an unknown ladder
 */
export function chooseLadder(name: string, probe: Probe): Ladder {
  assertLadderName(name);
  const preset = presets.get(name) ?? "";
  const rungs = shortSidesFor(probe.video).map((side) => rungOf(side, probe.video, preset));
  return { rungs, audio: probe.audio.slice(0, audioTrackLimit).map(audioTargetOf) };
}

function shortSidesFor(video: VideoStream): number[] {
  const own = evenBelow(Math.min(video.width, video.height));
  const usual = shortSides.filter((side) => side <= own);
  const largest = usual.at(-1);
  if (largest === undefined) return [own];
  const addsOwn = largest < (shortSides.at(-1) ?? 0) && own >= largest * ownSizeGain;
  return (addsOwn ? [...usual, own] : usual).toReversed();
}

function rungOf(side: number, video: VideoStream, preset: string): Rung {
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
    ...rateCapFor(side * scaled),
    profile: "high",
  };
}

// Stereo AAC must exist (Apple's rule 2.3), so every track becomes that, mono ones too: one CHANNELS for all players.
function audioTargetOf(stream: Probe["audio"][number]): AudioTarget {
  return {
    track: stream.track,
    language: languageTag(stream.language),
    channels: 2,
    bitrateBps: 128_000,
    sampleRate: 48_000,
  };
}

function evenBelow(size: number): number {
  return Math.max(2, Math.floor(size / 2) * 2);
}

function evenNearest(size: number): number {
  return Math.max(2, Math.round(size / 2) * 2);
}
