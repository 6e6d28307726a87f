// What beside pictures a source becomes: its audio tracks, its text tracks, and pictures for the seek bar. Depends on
// the probe and the rungs alone, so that the same source always gives the same targets.
import type { AudioTarget, ImagesTarget, Probe, Rung, TextTarget } from "@vstream/core/media.ts";
import { languageTag } from "./language-tag.ts";

/** More audio targets than this are left out. */
export const audioTrackLimit = 16;

/** More tracks of text than this are left out; the first ones stay. */
export const textTrackLimit = 32;

const stereo = { channels: 2, bitrateBps: 128_000, sampleRate: 48_000 };
const surround = { channels: 6, bitrateBps: 384_000, sampleRate: 48_000 };

// Beyond eight, channels are separate recordings more often than places of a room: nobody says which is where.
const mostPlacedChannels = 8;

// The poster is shown as large as a player's window: 720 lines are enough for most, and a file of some 100 KB.
const posterLines = 720;

/**
 * Every stream in stereo, which must exist (Apple's HLS authoring rule 2.3), mono ones too: one CHANNELS for all
 * players. After those, where there is room, streams of more channels in 5.1 as well.
 */
export function audioTargetsFor(streams: Probe["audio"]): AudioTarget[] {
  const placed = streams.filter(({ channels }) => channels > 2 && channels <= mostPlacedChannels);
  return [
    ...streams.map((stream) => ({ stream, form: stereo })),
    ...placed.map((stream) => ({ stream, form: surround })),
  ]
    .slice(0, audioTrackLimit)
    .map(({ stream, form }, track) => ({
      track,
      stream: stream.track,
      language: languageTag(stream.language),
      name: stream.name.trim(),
      ...form,
    }));
}

/** What is text; pictures of text stay behind. */
export function textTargetsFor(streams: Probe["text"]): TextTarget[] {
  return streams
    .filter(({ convertible }) => convertible)
    .slice(0, textTrackLimit)
    .map(({ stream, language, name, forced, hearingImpaired }, track) => ({
      ...{ track, stream, language: languageTag(language), name: name.trim(), forced, hearingImpaired },
    }));
}

/** @param rungs from the largest to the smallest, at least one */
export function imagesTargetFor(rungs: readonly Rung[], durationSeconds: number): ImagesTarget {
  const distance = (rung: Rung): number => Math.abs(Math.min(rung.width, rung.height) - posterLines);
  const [nearest] = rungs.toSorted((one, other) => distance(one) - distance(other));
  return {
    posterRung: nearest?.name ?? "",
    thumbnailRung: rungs.at(-1)?.name ?? "",
    intervalMs: intervalMsFor(durationSeconds / 3600),
  };
}

// At most about 1,440 up to four hours, and 2,880 in a day. Never closer than keyframes are (2 s).
function intervalMsFor(hours: number): number {
  if (hours <= 1) return 5_000;
  return hours <= 4 ? 10_000 : 30_000;
}
