// Reads what a source is and makes its timeline, or refuses it with a reason. Every later step trusts what comes out.
import { VsError } from "@vstream/core/errors.ts";
import type { AudioStream, Probe } from "@vstream/core/media.ts";
import { describeSource } from "./describe-source.ts";
import type { ProbeTarget, SourceDescription, SourceStream } from "./describe-source.ts";
import { chooseClock, planTimes } from "./encode-clock.ts";
import { indexFrames, indexPackets, inShownOrder } from "./packet-index.ts";
import type { PacketIndex } from "./packet-index.ts";
import { displaySize, pictureOf } from "./picture-of.ts";
import { refuseTruncated, truncatedHead } from "./refuse-truncated.ts";
import { findLayout } from "./source-layout.ts";
import type { FoundLayout } from "./source-layout.ts";
import { durationSeconds, frameCount, longestSegmentSeconds, segmentCount } from "./timeline.ts";
import type { Timeline } from "./timeline.ts";

export type { ProbeTarget } from "./describe-source.ts";

export interface ProbedSource {
  readonly probe: Probe;
  readonly timeline: Timeline;
}

/**
 * Probes a source.
 * @throws VsError source_empty, not_media, no_video, unknown_codec, encrypted, source_truncated, source_damaged,
 *   source_unsupported, media_limit, timed_out; the signal's reason
 */
export async function probeSource(target: ProbeTarget): Promise<ProbedSource> {
  if (target.sourceBytes === 0) throw new VsError("source_empty", "the source is empty");
  const layout = await findLayout(target.sourcePath, target.sourceBytes);
  const source = await describeOrRefuse(target, layout);
  const packets = await indexPackets(target, source);
  await refuseTruncated(target, { source, packets, layout });
  const times = await frameTimes(target, source, packets);
  const timeline = makeTimeline({ source, packets, layout, times });
  return { probe: makeProbe(source, packets, timeline), timeline };
}

async function describeOrRefuse(target: ProbeTarget, layout: FoundLayout): Promise<SourceDescription> {
  try {
    return await describeSource(target);
  } catch (thrown) {
    if (thrown instanceof VsError && thrown.code === "not_media") throw truncatedHead(layout) ?? thrown;
    throw thrown;
  }
}

// Where packets and frames are not one and the same: hidden frames of VP8 and VP9, dummy frames and missing times in
// AVI, and formats whose timestamps are guessed.
async function frameTimes(target: ProbeTarget, source: SourceDescription, packets: PacketIndex): Promise<Float64Array> {
  const mustDecode =
    ["avi", "mpeg", "h264", "hevc", "m4v", "mpegvideo", "av1", "obu", "ivf"].includes(source.format) ||
    ["vp8", "vp9"].includes(source.video.codec_name);
  if (!mustDecode && packets.pts !== null && (await endsAgree(target, source, packets))) return packets.pts;
  const times = inShownOrder(withLastTimes(await indexFrames(target)), source);
  const distinct = times.filter((time, index) => index === 0 || time > (times[index - 1] ?? 0));
  if (distinct.length === 0) throw new VsError("source_damaged", "no picture of the source can be decoded");
  return distinct;
}

// The last frames of a stream without presentation times have none even when decoded: they go on at the same pace, as
// ffmpeg has it. Frames without a time anywhere else cannot be placed, and are left out.
function withLastTimes(times: readonly number[]): number[] {
  const known = times.filter((time) => !Number.isNaN(time));
  const trailing = times.length - 1 - times.findLastIndex((time) => !Number.isNaN(time));
  const [before, last] = [known.at(-2), known.at(-1)];
  if (before === undefined || last === undefined || trailing > known.length) return known;
  return [...known, ...Array.from({ length: trailing }, (_, index) => last + (index + 1) * (last - before))];
}

/** Packets that are decoded at an end of the file to see whether each gives a frame. */
const checkedPackets = 96;

// A recording that was cut out of a stream begins and ends anywhere: what cannot be decoded there is not shown.
async function endsAgree(target: ProbeTarget, source: SourceDescription, packets: PacketIndex): Promise<boolean> {
  const pts = packets.pts ?? new Float64Array();
  if (packets.startsOpen) {
    const head = (await indexFrames(target, { packets: checkedPackets })).sort((one, other) => one - other);
    if (head.length === 0 || head.some((time, index) => time !== pts[index])) return false;
  }
  if (source.format !== "mpegts") return true;
  const entry = packets.keyframes.at(-2) ?? packets.keyframes[0];
  if (entry === undefined) return false;
  const fromSeconds = (entry * source.timeBase.num) / source.timeBase.den;
  const tail = (await indexFrames(target, { fromSeconds })).filter((time) => time >= entry);
  return new Set(tail).size === pts.filter((time) => time >= entry).length;
}

function makeTimeline(found: {
  source: SourceDescription;
  packets: PacketIndex;
  layout: FoundLayout;
  times: Float64Array;
}): Timeline {
  const { source, packets, layout } = found;
  const { timeBase } = source;
  const picture = pictureOf(source.video, found.times, timeBase.num / timeBase.den);
  const pts = found.times.filter((_, index) => index % picture.keepEvery === 0);
  const clock = chooseClock(pts, timeBase);
  const fixed = packets.spans.length > 0 ? layout.fixed : null;
  return {
    ...clock,
    timeBase,
    pts,
    plan: planTimes(pts, timeBase, clock),
    keyframes: packets.keyframes,
    spans:
      fixed === null
        ? []
        : packets.spans.map(({ key, minPts, maxPts, start, end }) => ({ key, minPts, maxPts, start, end })),
    layout: { fixed, seeksToPts: layout.container === "mp4" },
    picture,
  };
}

function makeProbe(source: SourceDescription, packets: PacketIndex, timeline: Timeline): Probe {
  const { video } = source;
  return {
    format: source.format,
    durationSeconds: durationSeconds(timeline),
    video: {
      ...displaySize(video),
      codec: video.codec_name,
      frameRate: timeline.timeScale / timeline.ticksPerFrame,
      timeScale: timeline.timeScale,
      ticksPerFrame: timeline.ticksPerFrame,
      frames: frameCount(timeline),
      interlaced: timeline.picture.interlaced,
      pixelFormat: video.pix_fmt,
    },
    audio: source.audio
      .map((stream, track) => (packets.counts.has(stream.index) ? audioStream(stream, track) : null))
      .filter((stream) => stream !== null),
    segments: segmentCount(timeline),
    longestSegmentSeconds: longestSegmentSeconds(timeline),
  };
}

// Tracks that are empty or cannot be decoded are left out; the numbers of the others stay those of the source.
function audioStream(stream: SourceStream, track: number): AudioStream | null {
  const isKnown = !["", "none", "unknown"].includes(stream.codec_name);
  const sampleRate = stream.sample_rate ?? 0;
  if (!isKnown || stream.channels === 0 || sampleRate === 0) return null;
  const language = languageTag(stream.tags.language);
  return { track, codec: stream.codec_name, language, channels: stream.channels, sampleRate };
}

/** BCP 47 from whatever the container has (eng, ger, pt-BR); empty when unknown. */
export function languageTag(language: string): string {
  try {
    const [tag = ""] = Intl.getCanonicalLocales(language.trim().replaceAll("_", "-"));
    return ["und", "mis", "mul", "zxx"].includes(tag) ? "" : tag;
  } catch {
    return "";
  }
}
