// Sources of sound without pictures: as long as their sound, as decoded; shown as their cover or a waveform. What comes
// out is like any film's, with a picture of its own (still-film.ts).
import { VsError } from "@vstream/core/errors.ts";
import type { Probe } from "@vstream/core/media.ts";
import type { ProbeTarget, SoundDescription } from "./describe-source.ts";
import { stillHeight, stillWidth } from "./draw-waveform.ts";
import { planTimes } from "./encode-clock.ts";
import { coverStill, waveformStill } from "./make-still.ts";
import { measureSound } from "./measure-sound.ts";
import type { MeasuredSound } from "./measure-sound.ts";
import { missingRiffBytes } from "./riff-length.ts";
import type { FoundLayout } from "./source-layout.ts";
import type { SourceDamage } from "./source-damage.ts";
import { cutOff, durationLimitSeconds, isKnown, tooLong, unknownCodec } from "./source-refusals.ts";
import type { SourceStream } from "./source-shape.ts";
import { durationSeconds, frameCount, longestSegmentSeconds, segmentCount } from "./timeline.ts";
import type { Picture, StillPicture, Timeline } from "./timeline.ts";
import { audioStream, chaptersOf, textStream } from "./tracks-of.ts";

/** A still costs next to nothing at this rate, and segments still begin where they should. */
const framesPerSecond = 2;
const timeScale = 48_000;
/** More streams than this are left out: each is decoded. */
const streamLimit = 16;

/**
 * @throws VsError source_truncated and unknown_codec, unless damage is allowed; source_damaged, media_limit, timed_out;
 *   the signal's reason
 */
export async function probeSound(
  target: ProbeTarget,
  { source, layout, damage }: { source: SoundDescription; layout: FoundLayout; damage: SourceDamage },
): Promise<{ probe: Probe; timeline: Timeline }> {
  if ((source.durationSeconds ?? 0) > durationLimitSeconds) throw tooLong(source.durationSeconds ?? 0);
  const sounds = await measureAll(target, source);
  const startSeconds = sounds.reduce((least, { measured }) => Math.min(least, measured.startSeconds), Infinity);
  const endSeconds = sounds.reduce((most, { measured }) => Math.max(most, measured.endSeconds), -Infinity);
  const [first] = sounds;
  if (first === undefined) throw new VsError("source_damaged", "no sound of the source can be decoded");
  const seconds = endSeconds - startSeconds;
  if (seconds > durationLimitSeconds) throw tooLong(seconds);
  const missing = await missingRiffBytes(target.sourcePath, target.sourceBytes);
  const short = missing > 0 ? cutOff(`${missing} bytes of it are missing`) : findShort(source, layout, endSeconds);
  if (short !== null) damage.note(short);
  for (const stream of source.audio) {
    if (!isKnown(stream) || source.undecoded.has(stream.index)) damage.note(unknownCodec(stream));
  }
  const jpeg = await makeStill(target, source, first.measured);
  const timeline = stillTimeline(seconds, { jpeg, soundSeconds: startSeconds });
  return { timeline, probe: makeProbe({ source, sounds, timeline, damage }) };
}

interface KnownSound {
  readonly stream: SourceStream;
  /** Among the audio streams. */
  readonly track: number;
  readonly measured: MeasuredSound;
}

async function measureAll(target: ProbeTarget, source: SoundDescription): Promise<KnownSound[]> {
  const sounds: KnownSound[] = [];
  for (const [track, stream] of source.audio.entries()) {
    if (sounds.length >= streamLimit || !isKnown(stream) || stream.channels === 0) continue;
    const measured = await measureSound(target, { track, sampleRate: stream.sample_rate ?? 0 });
    if (measured !== null) sounds.push({ stream, track, measured });
  }
  return sounds;
}

/** Containers that count what they hold; others guess from a bit rate. */
const countingFormats = ["mov", "matroska", "flac", "w64", "aiff", "caf", "asf"];

function findShort(source: SoundDescription, layout: FoundLayout, endSeconds: number): VsError | null {
  const declared = source.durationSeconds;
  if (declared === null || !countingFormats.includes(source.format)) return null;
  // A declaration that is off by more than a factor of two is believed only when bytes are missing.
  const tolerance = layout.cut ? 0.1 : Math.max(1, declared * 0.005);
  if (endSeconds >= declared - tolerance || (!layout.cut && endSeconds * 2 < declared)) return null;
  return cutOff(`it declares ${declared.toFixed(1)} s and ends after ${endSeconds.toFixed(1)} s`);
}

async function makeStill(target: ProbeTarget, source: SoundDescription, sound: MeasuredSound): Promise<Buffer> {
  for (const cover of source.covers) {
    const jpeg = await coverStill(target, cover.index);
    if (jpeg !== null) return jpeg;
  }
  return await waveformStill(target, sound.peaks);
}

/** A frame every half second; the last one lies so that it ends with the sound. */
function stillTimeline(seconds: number, still: StillPicture): Timeline {
  const ticks = Math.max(Math.round(seconds * timeScale), Math.ceil(timeScale / 60));
  const step = timeScale / framesPerSecond;
  const count = Math.ceil(ticks / step);
  const pts = Float64Array.from({ length: count }, (_, frame) => Math.min(frame * step, Math.max(0, ticks - step)));
  const timeBase = { num: 1, den: timeScale };
  const clock = { timeScale, ticksPerFrame: Math.min(step, ticks), variable: true };
  return {
    ...{ ...clock, timeBase, pts, plan: planTimes(pts, timeBase, clock), keyframes: pts, spans: [], picture, still },
    // Nothing of the source is needed for the pictures.
    layout: { fixed: [], seeksToPts: true },
  };
}

const picture: Picture = {
  ...{ stream: 0, interlaced: false, fieldOrder: null, keepEvery: 1, repeats: false, countedAt: null },
  ...{ orientation: "upright", fitInto: null },
  colour: {
    ...{ matrix: "bt709", primaries: "bt709", transfer: "bt709", mapFrom: null },
    // As JPEG has it.
    convertFrom: { matrix: "smpte170m", range: "pc" },
  },
};

interface KnownSource {
  readonly source: SoundDescription;
  readonly sounds: readonly KnownSound[];
  readonly timeline: Timeline;
  readonly damage: SourceDamage;
}

function makeProbe({ source, sounds, timeline, damage }: KnownSource): Probe {
  const { ticksPerFrame } = timeline;
  const duration = durationSeconds(timeline);
  const left = source.audio.length - sounds.length;
  return {
    format: source.format,
    durationSeconds: duration,
    video: {
      ...{ width: stillWidth, height: stillHeight, codec: "", frameRate: timeScale / ticksPerFrame, timeScale },
      ...{ ticksPerFrame, frames: frameCount(timeline), interlaced: false, pixelFormat: "", videoRange: "SDR" },
    },
    audio: sounds.map(({ stream, track }) => audioStream(stream, track)),
    segments: segmentCount(timeline),
    longestSegmentSeconds: longestSegmentSeconds(timeline),
    text: source.subtitles.map(textStream),
    chapters: chaptersOf(source, { start: timeline.still?.soundSeconds ?? 0, duration }),
    warnings: [
      ...damage.found,
      ...(left === 0 ? [] : [`${left} of ${source.audio.length} audio streams are left out: they have no sound`]),
    ],
    damaged: damage.found.length > 0,
  };
}
