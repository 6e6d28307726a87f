// Reads what a source is and makes its timeline, or refuses it with a reason. Every later step trusts what comes out.
import { VsError } from "@vstream/core/errors.ts";
import type { Probe, TextStream } from "@vstream/core/media.ts";
import { withoutMute } from "./audio-streams.ts";
import { describeSource, withNextVideo } from "./describe-source.ts";
import type { DescribedSource, ProbeTarget, SoundDescription, SourceDescription } from "./describe-source.ts";
import { chooseClock, planTimes, refuseUnwritable } from "./encode-clock.ts";
import { hasCaptions } from "./find-captions.ts";
import { videoRangeOf } from "./colour-of.ts";
import { findFields } from "./find-fields.ts";
import { findMastering } from "./find-mastering.ts";
import { findProtection } from "./find-protection.ts";
import { findFrames } from "./frame-times.ts";
import type { ShownFrames } from "./frame-times.ts";
import { makeProbe } from "./make-probe.ts";
import { indexPackets } from "./packet-index.ts";
import type { PacketIndex } from "./packet-index.ts";
import { pictureOf } from "./picture-of.ts";
import { explainNotMedia } from "./recognise-file.ts";
import { probeSound } from "./probe-sound.ts";
import { noteTruncated, truncatedHead } from "./note-truncated.ts";
import { SourceDamage } from "./source-damage.ts";
import { findLayout } from "./source-layout.ts";
import type { FoundLayout } from "./source-layout.ts";
import { encrypted } from "./source-refusals.ts";
import type { SourceStream } from "./source-shape.ts";
import type { Mastering, Picture, Timeline } from "./timeline.ts";
import { captionsStream, tracksOf } from "./tracks-of.ts";

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
  const protection = await findProtection(target.sourcePath, target.sourceBytes);
  if (protection !== null) throw encrypted(protection);
  const shown = await indexShown(target, await describeOrRefuse(target, layout));
  const damage = new SourceDamage(target.allowDamaged ?? false);
  if (shown.packets === null) return await probeSound(target, { source: shown.source, layout, damage });
  const { source, packets } = shown;
  await noteTruncated(target, { source, packets, layout }, damage);
  const frames = await findFrames(target, { source, packets, damage });
  const seenFields = await findFields(target, { source, packets, samples: frames.samples });
  const isPq = videoRangeOf(source.video) === "PQ";
  const mastering = isPq ? await findMastering(target, source.video.index) : null;
  const found = { source, packets, layout, frames, seenFields, mastering };
  const timeline = makeTimeline(found);
  const heard = await withoutMute(target, tracksOf(source, packets, damage));
  const tracks = { ...heard, text: [...heard.text, ...(await captionsOf(target, timeline))] };
  return { probe: makeProbe({ source, frames, timeline, tracks, damage }), timeline };
}

// Of pictures without times nobody knows when their captions are shown.
async function captionsOf({ sourcePath, sourceBytes }: ProbeTarget, { picture }: Timeline): Promise<TextStream[]> {
  return picture.countedAt === null && (await hasCaptions(sourcePath, sourceBytes)) ? [captionsStream] : [];
}

async function describeOrRefuse(target: ProbeTarget, layout: FoundLayout): Promise<DescribedSource> {
  try {
    return await describeSource(target);
  } catch (thrown) {
    if (!(thrown instanceof VsError) || thrown.code !== "not_media") throw thrown;
    throw truncatedHead(layout) ?? (await explainNotMedia(target.sourcePath, thrown));
  }
}

const stillCodecs = ["mjpeg", "png", "gif", "bmp", "webp", "tiff", "jpeg2000", "jpegls", "targa"];

type ShownSource =
  | { readonly source: SourceDescription; readonly packets: PacketIndex }
  | { readonly source: SoundDescription; readonly packets: null };

// Tracks without a packet, and pictures that only decorate sound, are not what is to be seen.
async function indexShown(target: ProbeTarget, described: DescribedSource): Promise<ShownSource> {
  let source = described;
  for (;;) {
    if (source.video === null) return { source, packets: null };
    const packets = await indexPackets(target, source);
    if (packets.counts.size === 0) {
      throw new VsError("source_truncated", "the source has only a header: no track has any content", {
        hint: "If it is the init segment of a stream, join it and the segments to one file",
      });
    }
    const pictures = packets.counts.get(source.video.index) ?? 0;
    if (pictures > 0) checkPictures(source.video);
    const isStill = pictures === 1 && stillCodecs.includes(source.video.codec_name);
    if (pictures > 0 && !isStill) return { source, packets };
    if (isStill && packets.counts.size === 1) {
      throw new VsError("no_video", "the source is a single picture, not a film");
    }
    source = withNextVideo(source);
  }
}

function checkPictures(video: SourceStream): void {
  if (video.width < 2 || video.height < 2 || video.pix_fmt === "") {
    throw new VsError("source_damaged", "the source's video has no picture that can be decoded");
  }
}

interface FoundSource {
  readonly source: SourceDescription;
  readonly packets: PacketIndex;
  readonly layout: FoundLayout;
  readonly frames: ShownFrames;
  readonly seenFields: Picture["fieldOrder"];
  readonly mastering: Mastering | null;
}

function makeTimeline({ source, packets, layout, frames, seenFields, mastering }: FoundSource): Timeline {
  const { video } = source;
  const { countedAt } = frames;
  const timeBase = countedAt === null ? source.timeBase : { num: countedAt.den, den: countedAt.num };
  const picture = pictureOf({ ...frames, video, seenFields, tickSeconds: timeBase.num / timeBase.den });
  const pts = frames.times.filter((_, index) => index % picture.keepEvery === 0);
  const clock = chooseClock(pts, timeBase, countedAt === null ? packets.lastTicks : 1);
  const plan = planTimes(pts, timeBase, clock);
  refuseUnwritable(plan, clock);
  const fixed = packets.spans.length > 0 ? layout.fixed : null;
  return {
    ...clock,
    timeBase,
    pts,
    plan,
    keyframes: countedAt === null ? packets.keyframes : new Float64Array(),
    spans:
      fixed === null
        ? []
        : packets.spans.map(({ key, minPts, maxPts, start, end }) => ({ key, minPts, maxPts, start, end })),
    layout: { fixed, seeksToPts: layout.container === "mp4" },
    picture: mastering === null ? picture : { ...picture, mastering },
  };
}
