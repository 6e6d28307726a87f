// The adaptation sets of a DASH manifest: one of video with all rungs, one for each audio track, one for each text
// track that is there. Elements stand in the order that the schema wants (ISO 23009-1, 5.3).
import type { Manifest, ManifestAudio, ManifestRendition } from "@vstream/core/media.ts";
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

const roles = "urn:mpeg:dash:role:2011";
const channelLayouts = "urn:mpeg:mpegB:cicp:ChannelConfiguration";
/** ISO 23091-3: by how many channels there are, in the layouts that are encoded. */
const layoutNumbers: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6 };

export function videoSet(manifest: Manifest, period: Period): string[] {
  const largest = (of: (rendition: ManifestRendition) => number): number => Math.max(...manifest.renditions.map(of));
  const shared = {
    ...{ id: 1, contentType: "video", mimeType: "video/mp4", segmentAlignment: "true", startWithSAP: 1 },
    maxWidth: largest(({ rung }) => rung.width),
    maxHeight: largest(({ rung }) => rung.height),
  };
  const audioBps = Math.max(0, ...manifest.audio.map(({ bandwidthBps }) => bandwidthBps));
  const representations = manifest.renditions.flatMap((rendition) => {
    const { rung, frameRate, bandwidthBps } = rendition;
    const segments = within(videoSegments(manifest, rung.name), period);
    const attributes = {
      ...{ id: rung.name, codecs: segments[0]?.codecs ?? null, bandwidth: wholeBps(bandwidthBps - audioBps) },
      ...{ width: rung.width, height: rung.height, frameRate: ratioOf(frameRate), sar: "1:1" },
    };
    const list = segmentList(segments, period.startSeconds);
    return list.length === 0 ? [] : element("Representation", attributes, list);
  });
  return representations.length === 0 ? [] : element("AdaptationSet", shared, representations);
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
