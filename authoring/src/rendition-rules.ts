// Rules across the playlists of one asset: that they last as long, begin together and are cut alike. Pure.
import { finding, unless } from "./findings.ts";
import type { Finding } from "./findings.ts";
import type { Rendition } from "./parse-multivariant.ts";
import { listedSeconds } from "./parse-media.ts";
import type { MediaPlaylist } from "./parse-media.ts";
import { spanOf } from "./track-span.ts";
import { mainTrack } from "./views.ts";
import type { MediaView, StreamView } from "./views.ts";

/** What EXTINF are rounded to, over a whole playlist. */
const roundingSeconds = 0.002;

export function checkRenditions({ multivariant, media }: StreamView): Finding[] {
  const views = [...media.values()];
  const videos = views.filter(({ kind }) => kind === "video");
  const [reference] = videos;
  const stereo = checkStereo({ multivariant, media });
  if (reference === undefined) return stereo;
  const frameSeconds = frameSecondsOf(views);
  return [
    ...videos.flatMap((view) => checkVariants(reference, view, frameSeconds)),
    ...views.filter(({ kind }) => kind === "iframes").flatMap((view) => checkRange(reference, view, frameSeconds)),
    ...multivariant.renditions.flatMap((rendition) => {
      const view = rendition.url === null ? undefined : media.get(rendition.url);
      if (view === undefined) return [];
      const isFirst = isFirstOfGroup(rendition, multivariant.renditions);
      return checkRendition(view, { reference, isFirst, frameSeconds });
    }),
    ...stereo,
  ];
}

/** How long a frame of the asset's video lasts, or of its sound where it has no video. */
export function frameSecondsOf(views: readonly MediaView[]): number {
  const order = ["video", "audio"];
  const known = views
    .filter(({ kind }) => order.includes(kind))
    .toSorted((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
  for (const view of known) {
    const span = spanOf(view);
    if (span !== null) return span.frameSeconds;
  }
  return usualFrameSeconds;
}

/** When no boxes were read. */
const usualFrameSeconds = 1 / 24;

function isFirstOfGroup(rendition: Rendition, renditions: readonly Rendition[]): boolean {
  const group = renditions.filter(({ type, groupId }) => type === rendition.type && groupId === rendition.groupId);
  return (group.find(({ attributes }) => attributes.get("DEFAULT") === "YES") ?? group[0]) === rendition;
}

function checkVariants(reference: MediaView, view: MediaView, frameSeconds: number): Finding[] {
  if (view === reference) return [];
  const { playlist } = view;
  return [
    ...checkRange(reference, view, frameSeconds),
    ...checkTimeline(reference, view, frameSeconds),
    ...checkTargets(reference.playlist, playlist),
    ...checkBoundaries(reference.playlist, playlist, frameSeconds),
  ];
}

function checkRange(reference: MediaView, view: MediaView, frameSeconds: number): Finding[] {
  const [wanted, is] = [listedSeconds(reference.playlist), listedSeconds(view.playlist)];
  const message = `it covers ${is.toFixed(3)} s, and ${reference.playlist.url} ${wanted.toFixed(3)} s`;
  // While they grow, one may be a request older than the other.
  const comparable = view.playlist.ended && reference.playlist.ended;
  const same = Math.abs(is - wanted) <= frameSeconds + roundingSeconds;
  return unless(!comparable || same, "Apple 8.7", view.playlist.url, message);
}

function checkTimeline(reference: MediaView, view: MediaView, frameSeconds: number): Finding[] {
  const [wanted, is] = [spanOf(reference), spanOf(view)];
  const { url } = view.playlist;
  const findings: Finding[] = [];
  if (wanted !== null && is !== null && Math.abs(wanted.startSeconds - is.startSeconds) > frameSeconds / 2) {
    const other = `${reference.playlist.url} at ${wanted.startSeconds.toFixed(6)} s`;
    findings.push(finding("RFC 8216bis 6.2.4", url, `it begins at ${is.startSeconds.toFixed(6)} s, and ${other}`));
  }
  const breaks = ({ segments }: MediaPlaylist): string =>
    segments.flatMap(({ discontinuity }, index) => (discontinuity ? [index + 1] : [])).join(", ");
  const [ownBreaks, breaksWanted] = [breaks(view.playlist), breaks(reference.playlist)];
  const message = `discontinuities before segments [${ownBreaks}], in ${reference.playlist.url} [${breaksWanted}]`;
  return [...findings, ...unless(ownBreaks === breaksWanted, "RFC 8216bis 6.2.4", url, message)];
}

function checkTargets(reference: MediaPlaylist, playlist: MediaPlaylist): Finding[] {
  const { url, targetSeconds } = playlist;
  const message = `its target duration is ${targetSeconds} s, that of ${reference.url} ${reference.targetSeconds} s`;
  return unless(targetSeconds === reference.targetSeconds, "RFC 8216bis 6.2.4", url, message);
}

function checkBoundaries(reference: MediaPlaylist, playlist: MediaPlaylist, frameSeconds: number): Finding[] {
  let [wanted, is] = [0, 0];
  for (const [index, segment] of playlist.segments.entries()) {
    const other = reference.segments[index];
    if (other === undefined) return [];
    wanted += other.durationSeconds;
    is += segment.durationSeconds;
    if (Math.abs(wanted - is) <= frameSeconds / 2 + roundingSeconds) continue;
    const message = `it ends at ${is.toFixed(3)} s, that of ${reference.url} at ${wanted.toFixed(3)} s`;
    return [finding("Apple 8.22", segment.url, message)];
  }
  return [];
}

interface Against {
  readonly reference: MediaView;
  readonly isFirst: boolean;
  readonly frameSeconds: number;
}

function checkRendition(view: MediaView, against: Against): Finding[] {
  if (view.kind === "audio") return checkAudio(view, against);
  if (view.kind === "subtitles") return checkSubtitles(view.playlist, against);
  return [];
}

function checkAudio(view: MediaView, { reference, isFirst, frameSeconds }: Against): Finding[] {
  const { playlist } = view;
  const videoTarget = reference.playlist.targetSeconds;
  const target = `its target duration is ${playlist.targetSeconds} s, the video's ${videoTarget} s`;
  const [wanted, is] = [listedSeconds(reference.playlist), listedSeconds(playlist)];
  const soundSeconds = spanOf(view)?.frameSeconds ?? frameSeconds;
  const comparable = playlist.ended && reference.playlist.ended;
  const same = Math.abs(is - wanted) <= Math.max(frameSeconds, soundSeconds) + roundingSeconds;
  const length = `it lasts ${is.toFixed(3)} s, the video ${wanted.toFixed(3)} s`;
  return [
    ...unless(playlist.targetSeconds === reference.playlist.targetSeconds, "Apple 8.2", playlist.url, target),
    ...unless(!comparable || same, isFirst ? "Apple 8.3" : "Apple 2.15", playlist.url, length),
  ];
}

function checkSubtitles(playlist: MediaPlaylist, { reference, frameSeconds }: Against): Finding[] {
  // Only what has ended may have another target duration (RFC 8216bis 6.2.4).
  const mayDiffer = playlist.type === "VOD";
  const [wanted, is] = [listedSeconds(reference.playlist), listedSeconds(playlist)];
  const comparable = playlist.ended && reference.playlist.ended;
  // A segment that is late by less than a frame hides no text.
  const spans = Math.abs(is - wanted) <= 1 + frameSeconds;
  const message = `it covers ${is.toFixed(3)} s, the video ${wanted.toFixed(3)} s`;
  return [
    ...(mayDiffer ? [] : checkTargets(reference.playlist, playlist)),
    ...unless(!comparable || spans, "Apple 5.5", playlist.url, message),
  ];
}

function checkStereo({ multivariant, media }: StreamView): Finding[] {
  const sounds = [...media.values()].filter(({ kind }) => kind === "audio").map(mainTrack);
  const known = sounds.filter((track) => track !== null);
  if (known.length === 0 || known.length < sounds.length) return [];
  const stereo = known.some(({ entry }) => entry.codec.startsWith("mp4a.40.") && entry.sound?.channels === 2);
  const list = known.map(({ entry }) => `${entry.codec} with ${entry.sound?.channels ?? 0} channels`).join(", ");
  return unless(stereo, "Apple 2.3", multivariant.url, `its sound is ${list}`);
}
