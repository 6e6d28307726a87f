// What the catalog keeps of media as JSON, and how it is read again. Rows that were written before a part of it existed
// have none of it. Keyframes, of which a long film has some hundred thousand, stand in flat lists: three numbers each.
import type {
  AudioContent,
  AudioStream,
  AudioTarget,
  Keyframe,
  ManifestAudio,
  PieceContent,
  Probe,
  RenditionSegments,
  Segment,
  VideoContent,
} from "@vstream/core/media.ts";
import { fromJson, toJson } from "./json-column.ts";
import type { Json } from "./json-column.ts";
import type { EncodePlan, MeasuredRates, NextEdition } from "./records.ts";

/** The same with some of it perhaps not there. */
type Older<Whole, Missing extends keyof Whole> = Omit<Whole, Missing> & Partial<Pick<Whole, Missing>>;

type OlderTarget = Older<AudioTarget, "stream" | "name">;
export type StoredPlan = Omit<Older<EncodePlan, "text" | "images">, "audio"> & {
  readonly audio: readonly OlderTarget[];
};
/** Beside the present edition. */
export type StoredNextEdition = Omit<NextEdition, "plan"> & { readonly plan: StoredPlan | null };
export type StoredProbe = Omit<Older<Probe, "text" | "chapters" | "warnings" | "damaged">, "audio"> & {
  readonly audio: readonly Older<AudioStream, "name">[];
};
export type StoredRates = Omit<MeasuredRates, "audio"> & {
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

function wholePlan(plan: StoredPlan): EncodePlan {
  return { text: [], images: null, ...plan, audio: plan.audio.map(wholeTarget) };
}

export function probeFromJson(text: Json<StoredProbe>): Probe {
  const probe = fromJson(text);
  const audio = probe.audio.map((stream) => ({ name: "", ...stream }));
  return { text: [], chapters: [], warnings: [], damaged: false, ...probe, audio };
}

export function ratesFromJson(text: Json<StoredRates>): MeasuredRates {
  const rates = fromJson(text);
  return { ...rates, audio: rates.audio.map((track) => ({ ...track, target: wholeTarget(track.target) })) };
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

// Of before there were several targets of one stream.
function wholeTarget(target: OlderTarget): AudioTarget {
  return { stream: target.track, name: "", ...target };
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
