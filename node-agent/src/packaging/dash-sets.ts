// The adaptation sets of a DASH manifest: one of video for each codec and range, with all its rungs, one for each audio
// track, one for each text track that is there. Elements stand in the order that the schema wants (ISO 23009-1, 5.3).
import type { Manifest, ManifestAudio, ManifestRendition, VideoRange } from "@vstream/core/media.ts";
import { segmentList } from "./dash-segments.ts";
import { textFiles } from "./extras.ts";
import { stableAudioId, stableTextId, wholeTextUri } from "./rendition-uris.ts";
import { namedAudio, namedText } from "./track-names.ts";
import { audioSegments, videoSegments } from "./track-segments.ts";
import type { TrackSegment } from "./track-segments.ts";
import { element, textElement } from "./xml.ts";

/** A time in which no track's init segment changes. */
export interface Period {
  readonly firstChunk: number;
  /** The chunk after its last. */
  readonly endChunk: number;
  /** Media time of its begin. */
  readonly startSeconds: number;
}

const cicp = "urn:mpeg:mpegB:cicp";
const switching = "urn:mpeg:dash:adaptation-set-switching:2016";
/** ISO/IEC 23091-2; both kinds of high range have the colours of BT.2020. */
const transferNumbers: Readonly<Record<Exclude<VideoRange, "SDR">, number>> = { PQ: 16, HLG: 18 };

const roles = "urn:mpeg:dash:role:2011";
const channelLayouts = `${cicp}:ChannelConfiguration`;
/** ISO 23091-3: by how many channels there are, in the layouts that are encoded. */
const layoutNumbers: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6 };

/** What every player can show first. */
export function videoSets(manifest: Manifest, period: Period): string[] {
  const groups = Map.groupBy(manifest.renditions, ({ rung }) => `${rung.codec} ${rung.videoRange}`);
  const sets = [...groups.values()].sort((one, other) => placeOf(one) - placeOf(other));
  return sets.flatMap((renditions, index) => {
    const others = sets.flatMap((_, at) => (at === index ? [] : [at + 1]));
    return videoSet(renditions, { id: index + 1, others, manifest, period });
  });
}

function placeOf([first]: readonly ManifestRendition[]): number {
  return (first?.rung.codec === "hevc" ? 1 : 0) + (first?.rung.videoRange === "SDR" ? 0 : 1);
}

interface VideoSetPlace {
  readonly id: number;
  /** The ids of the other sets of video. */
  readonly others: readonly number[];
  readonly manifest: Manifest;
  readonly period: Period;
}

function videoSet(renditions: readonly ManifestRendition[], { id, others, manifest, period }: VideoSetPlace): string[] {
  const largest = (of: (rendition: ManifestRendition) => number): number => Math.max(...renditions.map(of));
  const shared = {
    ...{ id, contentType: "video", mimeType: "video/mp4", segmentAlignment: "true", startWithSAP: 1 },
    maxWidth: largest(({ rung }) => rung.width),
    maxHeight: largest(({ rung }) => rung.height),
  };
  const audioBps = Math.max(0, ...manifest.audio.map(({ bandwidthBps }) => bandwidthBps));
  const representations = renditions.flatMap((rendition) => {
    const { rung, frameRate, bandwidthBps } = rendition;
    const segments = within(videoSegments(manifest, rung.name), period);
    const attributes = {
      ...{ id: rung.name, codecs: segments[0]?.codecs ?? null, bandwidth: wholeBps(bandwidthBps - audioBps) },
      ...{ width: rung.width, height: rung.height, frameRate: ratioOf(frameRate), sar: "1:1" },
    };
    const list = segmentList(segments, period.startSeconds);
    return list.length === 0 ? [] : element("Representation", attributes, list);
  });
  if (representations.length === 0) return [];
  const range = renditions[0]?.rung.videoRange ?? "SDR";
  return element("AdaptationSet", shared, [
    ...(range === "SDR" ? [] : highRange(range)),
    // Segments begin at the same times in all of them.
    ...(others.length === 0 ? [] : element("SupplementalProperty", { schemeIdUri: switching, value: others.join() })),
    ...representations,
  ]);
}

// Essential: who does not know it would show it pale and dark.
function highRange(range: Exclude<VideoRange, "SDR">): string[] {
  const said = { ColourPrimaries: 9, TransferCharacteristics: transferNumbers[range], MatrixCoefficients: 9 };
  return Object.entries(said).flatMap(([name, value]) =>
    element("EssentialProperty", { schemeIdUri: `${cicp}:${name}`, value }),
  );
}

export function audioSets(manifest: Manifest, period: Period): string[] {
  const tracks = namedAudio(manifest.audio.map(({ target }) => target));
  return tracks.flatMap(({ target, language, name, isDefault }, index) => {
    const list = segmentList(within(audioSegments(manifest, target.track), period), period.startSeconds);
    const audio = manifest.audio[index];
    if (list.length === 0 || audio === undefined) return [];
    const layout = layoutNumbers[target.channels];
    const shared = {
      ...{ id: 100 + target.track, contentType: "audio", mimeType: "audio/mp4", lang: orNull(language) },
      ...{ segmentAlignment: "true", startWithSAP: 1 },
    };
    return element("AdaptationSet", shared, [
      ...(layout === undefined
        ? []
        : element("AudioChannelConfiguration", { schemeIdUri: channelLayouts, value: layout })),
      ...textElement("Label", name),
      ...element("Role", { schemeIdUri: roles, value: isDefault ? "main" : "alternate" }),
      ...audioRepresentation(audio, manifest.edition, list),
    ]);
  });
}

function audioRepresentation(audio: ManifestAudio, edition: number, list: readonly string[]): string[] {
  const { target, codecs, bandwidthBps } = audio;
  const id = stableAudioId(target, edition);
  const attributes = { id, codecs: orNull(codecs), bandwidth: wholeBps(bandwidthBps) };
  return element("Representation", { ...attributes, audioSamplingRate: target.sampleRate }, list);
}

/** Tracks that are converted, each as one file: players of DASH that read segments of plain WebVTT are few. */
export function textSets(manifest: Manifest): string[] {
  return namedText(manifest.text).flatMap(({ target, language, name, isDefault }) => {
    const files = textFiles(manifest, target.track);
    if (files === null) return [];
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const bandwidth = wholeBps((bytes * 8) / Math.max(1, manifest.probe.durationSeconds));
    const role = target.forced ? "forced-subtitle" : target.hearingImpaired ? "caption" : "subtitle";
    const shared = { id: 200 + target.track, contentType: "text", mimeType: "text/vtt", lang: orNull(language) };
    return element("AdaptationSet", shared, [
      ...textElement("Label", name),
      ...element("Role", { schemeIdUri: roles, value: role }),
      ...(isDefault ? element("Role", { schemeIdUri: roles, value: "main" }) : []),
      ...element("Representation", { id: stableTextId(target), bandwidth }, [
        ...textElement("BaseURL", wholeTextUri(target.track)),
      ]),
    ]);
  });
}

function within(segments: readonly TrackSegment[] | null, { firstChunk, endChunk }: Period): TrackSegment[] {
  return (segments ?? []).filter(({ chunk }) => chunk >= firstChunk && chunk < endChunk);
}

/** Frames a second as DASH writes them: whole, or a ratio; those of NTSC are over 1001. */
export function ratioOf(framesPerSecond: number): string {
  const isNear = (rate: number): boolean => Math.abs(framesPerSecond - rate) < 0.002;
  const whole = Math.max(1, Math.round(framesPerSecond));
  if (isNear(whole)) return String(whole);
  const ntsc = Math.max(1, Math.round(framesPerSecond * 1.001));
  if (isNear(ntsc / 1.001)) return `${String(ntsc * 1000)}/1001`;
  return `${String(Math.max(1, Math.round(framesPerSecond * 1000)))}/1000`;
}

function wholeBps(bitrateBps: number): number {
  return Math.max(1, Math.ceil(bitrateBps));
}

function orNull(text: string): string | null {
  return text === "" ? null : text;
}
