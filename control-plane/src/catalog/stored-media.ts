// What the catalog keeps of media as JSON, and how it is read again. Rows that were written before a part of it existed
// have none of it. Keyframes, of which a long film has some hundred thousand, stand in flat lists: three numbers each.
import type {
  AudioContent,
  AudioStream,
  AudioTarget,
  Keyframe,
  ManifestAudio,
  PieceContent,
  ManifestRendition,
  Probe,
  RenditionSegments,
  Rung,
  Segment,
  TextStream,
  TextTarget,
  VideoContent,
  VideoStream,
} from "@vstream/core/media.ts";
import { fromJson, toJson } from "./json-column.ts";
import type { Json } from "./json-column.ts";
import type { EncodePlan, MeasuredRates, NextEdition, PreviousEdition } from "./records.ts";

/** The same with some of it perhaps not there. */
type Older<Whole, Missing extends keyof Whole> = Omit<Whole, Missing> & Partial<Pick<Whole, Missing>>;

type OlderTarget = Older<AudioTarget, "stream" | "name" | "defaultTrack">;
type OlderText = Older<TextTarget, "origin" | "file" | "defaultTrack">;
type OlderRung = Older<Rung, "videoRange">;
export type StoredPlan = Omit<Older<EncodePlan, "images">, "rungs" | "audio" | "text"> & {
  readonly rungs: readonly OlderRung[];
  readonly audio: readonly OlderTarget[];
  readonly text?: readonly OlderText[];
};
/** Beside the present edition. */
export type StoredNextEdition = Omit<NextEdition, "plan"> & { readonly plan: StoredPlan | null };
export type StoredPreviousEdition = Omit<PreviousEdition, "measured"> & { readonly measured: StoredRates };
export type StoredProbe = Omit<Older<Probe, "chapters" | "warnings" | "damaged">, "video" | "audio" | "text"> & {
  readonly video: Older<VideoStream, "videoRange">;
  readonly audio: readonly Older<AudioStream, "name" | "defaultTrack">[];
  readonly text?: readonly Older<TextStream, "captions" | "defaultTrack">[];
};
export type StoredRates = Omit<MeasuredRates, "renditions" | "audio"> & {
  readonly renditions: readonly (Omit<ManifestRendition, "rung"> & { readonly rung: OlderRung })[];
  readonly audio: readonly (Omit<ManifestAudio, "target"> & { readonly target: OlderTarget })[];
};

type StoredSegment = Omit<Segment, "keyframes"> & { readonly keyframes?: readonly number[] };
type StoredRendition = Omit<RenditionSegments, "segments"> & { readonly segments: readonly StoredSegment[] };
export type StoredContent =
  | Exclude<PieceContent, VideoContent | AudioContent>
  | (Omit<VideoContent, "renditions"> & { readonly renditions: readonly StoredRendition[] })
  | (Omit<AudioContent, "rendition"> & { readonly rendition: StoredRendition });

export function planFromJson(text: Json<StoredPlan>): EncodePlan {
  return wholePlan(fromJson(text));
}

export function nextEditionFromJson(text: Json<StoredNextEdition>): NextEdition {
  const next = fromJson(text);
  return { ...next, plan: next.plan === null ? null : wholePlan(next.plan) };
}

export function previousEditionsFromJson(text: Json<readonly StoredPreviousEdition[]>): PreviousEdition[] {
  return fromJson(text).map((previous) => ({ ...previous, measured: wholeRates(previous.measured) }));
}

function wholePlan(plan: StoredPlan): EncodePlan {
  const { rungs, audio, text = [] } = plan;
  const whole = { rungs: rungs.map(wholeRung), audio: audio.map(wholeTarget), text: text.map(wholeText) };
  return { images: null, ...plan, ...whole };
}

export function probeFromJson(text: Json<StoredProbe>): Probe {
  const probe = fromJson(text);
  const audio = probe.audio.map((stream) => ({ name: "", defaultTrack: false, ...stream }));
  const words = (probe.text ?? []).map((stream) => ({ captions: false, defaultTrack: false, ...stream }));
  const video: VideoStream = { videoRange: "SDR", ...probe.video };
  return { chapters: [], warnings: [], damaged: false, ...probe, video, audio, text: words };
}

export function ratesFromJson(text: Json<StoredRates>): MeasuredRates {
  return wholeRates(fromJson(text));
}

function wholeRates(rates: StoredRates): MeasuredRates {
  return {
    renditions: rates.renditions.map((rendition) => ({ ...rendition, rung: wholeRung(rendition.rung) })),
    audio: rates.audio.map((track) => ({ ...track, target: wholeTarget(track.target) })),
  };
}

export function contentToJson(content: PieceContent): Json<StoredContent> {
  switch (content.kind) {
    case "video":
      return toJson({ ...content, renditions: content.renditions.map(shortened) });
    case "audio":
      return toJson({ ...content, rendition: shortened(content.rendition) });
    default:
      return toJson(content);
  }
}

export function contentFromJson(text: Json<StoredContent>): PieceContent {
  const content = fromJson(text);
  switch (content.kind) {
    case "video":
      return { ...content, renditions: content.renditions.map(lengthened) };
    case "audio":
      return { ...content, rendition: lengthened(content.rendition) };
    default:
      return content;
  }
}

// Of before there were rungs of high dynamic range.
function wholeRung(rung: OlderRung): Rung {
  return { videoRange: "SDR", ...rung };
}

// Of before there were several targets of one stream.
function wholeTarget(target: OlderTarget): AudioTarget {
  return { stream: target.track, name: "", defaultTrack: false, ...target };
}

// Of before there were other origins than streams.
function wholeText(target: OlderText): TextTarget {
  return { origin: "stream", file: 0, defaultTrack: false, ...target };
}

function shortened(rendition: RenditionSegments): StoredRendition {
  return { ...rendition, segments: rendition.segments.map(shortenedSegment) };
}

function shortenedSegment({ keyframes, ...segment }: Segment): StoredSegment {
  if (keyframes.length === 0) return segment;
  return { ...segment, keyframes: keyframes.flatMap((one) => [one.offset, one.bytes, one.durationTicks]) };
}

function lengthened(rendition: StoredRendition): RenditionSegments {
  const segments = rendition.segments.map((segment): Segment => {
    return { ...segment, keyframes: keyframesOf(segment.keyframes) };
  });
  return { ...rendition, segments };
}

// One list for all that have none: snapshots hold very many.
const none: readonly Keyframe[] = [];

function keyframesOf(numbers: readonly number[] | undefined): readonly Keyframe[] {
  if (numbers === undefined) return none;
  const numberAt = (place: number): number => numbers[place] ?? 0;
  return Array.from({ length: Math.floor(numbers.length / 3) }, (_, at): Keyframe => {
    const place = at * 3;
    return { offset: numberAt(place), bytes: numberAt(place + 1), durationTicks: numberAt(place + 2) };
  });
}
