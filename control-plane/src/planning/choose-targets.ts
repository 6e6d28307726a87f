// What beside pictures a source becomes: its audio tracks, its text tracks, and pictures for the seek bar. Depends on
// the probe and the rungs alone, so that the same source always gives the same targets.
import type { AudioTarget, ImagesTarget, Probe, Rung, TextTarget } from "@vstream/core/media.ts";
import type { SubtitleFileRecord } from "../catalog/records.ts";
import { languageTag } from "./language-tag.ts";

/** More audio targets than this are left out. */
export const audioTrackLimit = 16;

/** More tracks of text than this are left out: streams of the source sooner than files that somebody gave. */
export const textTrackLimit = 32;

const stereo = { channels: 2, bitrateBps: 128_000, sampleRate: 48_000 };
const surround = { channels: 6, bitrateBps: 384_000, sampleRate: 48_000 };

// Beyond eight, channels are separate recordings more often than places of a room: nobody says which is where.
const mostPlacedChannels = 8;

// The poster is shown as large as a player's window: 720 lines are enough for most, and a file of some 100 KB.
const posterLines = 720;

/**
 * Every stream in stereo, which must exist (Apple's HLS authoring rule 2.3), mono ones too: one CHANNELS for all
 * players. After those, where there is room, streams of more channels in 5.1 as well. What plays unless a viewer
 * chooses is the stereo of the stream that the source flags as default, else of the first.
 */
export function audioTargetsFor(streams: Probe["audio"]): AudioTarget[] {
  const placed = streams.filter(({ channels }) => channels > 2 && channels <= mostPlacedChannels);
  const targets = [
    ...streams.map((stream) => ({ stream, form: stereo })),
    ...placed.map((stream) => ({ stream, form: surround })),
  ].slice(0, audioTrackLimit);
  const flagged = targets.findIndex(({ stream, form }) => stream.defaultTrack && form === stereo);
  return targets.map(({ stream, form }, track) => ({
    track,
    stream: stream.track,
    language: languageTag(stream.language),
    name: stream.name.trim(),
    ...form,
    defaultTrack: track === Math.max(0, flagged),
  }));
}

/**
 * What is text, then captions in the video, then the files beside the source; pictures of text stay behind. Shown by
 * itself is the one stream that is flagged as default: where several are, as Matroska has it unless told otherwise,
 * the flag says nothing.
 */
export function textTargetsFor(streams: Probe["text"], files: readonly SubtitleFileRecord[]): TextTarget[] {
  const texts = streams.filter(({ convertible }) => convertible);
  const inOrder = [...texts.filter(({ captions }) => !captions), ...texts.filter(({ captions }) => captions)];
  const isAlone = texts.filter(({ defaultTrack }) => defaultTrack).length === 1;
  const targets = inOrder.slice(0, Math.max(0, textTrackLimit - files.length)).map((stream, track): TextTarget => {
    const { language, name, forced, hearingImpaired } = stream;
    const said = { language: languageTag(language), name: name.trim(), forced, hearingImpaired };
    const origin = stream.captions ? "captions" : "stream";
    return { track, origin, stream: stream.stream, file: 0, ...said, defaultTrack: isAlone && stream.defaultTrack };
  });
  return [...targets, ...fileTargets(files, targets)];
}

/** What people are told when there are more tracks of text than an asset has; null: all of them are made. */
export function textLeftOut(streams: Probe["text"], targets: readonly TextTarget[]): string | null {
  const taken = targets.filter(({ origin }) => origin !== "file").length;
  const left = streams.filter(({ convertible }) => convertible).length - taken;
  // Assets of before there was text have none of it for another reason.
  if (left <= 0 || targets.length < textTrackLimit) return null;
  return `${String(left)} of its tracks of text are left out, the last ones: an asset has at most ${String(textTrackLimit)}`;
}

/** Targets of files that are given beside the source, numbered after those that there are; as many as find room. */
export function fileTargets(files: readonly SubtitleFileRecord[], present: readonly TextTarget[]): TextTarget[] {
  const firstTrack = Math.max(-1, ...present.map(({ track }) => track)) + 1;
  return files.slice(0, Math.max(0, textTrackLimit - firstTrack)).map(({ number, language }, index) => ({
    ...{
      track: firstTrack + index,
      origin: "file",
      stream: 0,
      file: number,
      language: languageTag(language),
      name: "",
    },
    ...{ forced: false, hearingImpaired: false, defaultTrack: false },
  }));
}

/** Of what every machine decodes. @param all from the largest to the smallest, at least one in H.264 */
export function imagesTargetFor(all: readonly Rung[], durationSeconds: number): ImagesTarget {
  const rungs = all.filter(({ codec, videoRange }) => codec === "h264" && videoRange === "SDR");
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
