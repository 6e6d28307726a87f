// When a source's frames are shown: by its packets where these tell, otherwise by decoding.
import { VsError } from "@vstream/core/errors.ts";
import type { ProbeTarget, SourceDescription } from "./describe-source.ts";
import { indexFrames } from "./packet-index.ts";
import type { FrameIndex, PacketIndex } from "./packet-index.ts";
import { samplePictures } from "./sample-pictures.ts";
import type { PictureSample } from "./picture-counter.ts";
import { inShownOrder, jumpsBack } from "./shown-order.ts";
import type { SourceDamage } from "./source-damage.ts";
import type { Picture } from "./timeline.ts";

export interface ShownFrames {
  /** In ticks of the stream, ascending, at least one. */
  readonly times: Float64Array;
  readonly samples: readonly PictureSample[];
  /** Several have the same time: the first of them counts. */
  readonly repeats: boolean;
  /** Frames a second, where nothing but their order is known and times are numbers; null: times are the source's. */
  readonly countedAt: Picture["countedAt"];
}

/** Hidden frames, dummy frames and missing times: packets and frames are not one and the same. */
const decodedFormats = [
  ...["avi", "mpeg", "rm", "wtv", "gxf", "ivf", "gif"],
  ...["h264", "hevc", "m4v", "mpegvideo", "av1", "obu"],
];
const decodedCodecs = ["vp8", "vp9"];

/** Places where pictures are looked at; fewer in containers that say of themselves what follows. */
const sampledPlaces = 16;
const fewSampledPlaces = 4;

/**
 * Finds when frames are shown.
 * @throws VsError source_damaged when a part of them cannot be decoded, unless damage is allowed; see packet-index.ts
 */
export async function findFrames(
  target: ProbeTarget,
  { source, packets, damage }: { source: SourceDescription; packets: PacketIndex; damage: SourceDamage },
): Promise<ShownFrames> {
  const mustDecode = decodedFormats.includes(source.format) || decodedCodecs.includes(source.video.codec_name);
  const listed = mustDecode ? null : packets.pts;
  if (listed !== null && !packets.isDoubtful && (await endsAgree(target, source, packets))) {
    const places = source.format === "mov" ? fewSampledPlaces : sampledPlaces;
    const { samples, isWhole } = await samplePictures(target, { source, packets, places });
    if (isWhole && samples.length > 0) return { times: listed, samples, repeats: false, countedAt: null };
  }
  const frames = await indexFrames(target, source.video.index);
  if (frames.times.every(Number.isNaN)) return counted(source, frames);
  const given = withLastTimes(frames.times);
  const ordered = inShownOrder(given, source);
  const repeats = ordered.some((time, index) => index > 0 && time === ordered[index - 1]);
  const times = repeats ? rising(given) : ordered;
  if ((given.length - times.length) * repeatedShare > given.length) throw jumpsBack();
  if (times.length === 0) throw new VsError("source_damaged", "no picture of the source can be decoded");
  if (listed !== null) noteBroken(source, { listed, shown: times, damage });
  return { times, samples: frames.samples, repeats, countedAt: null };
}

/** What ffmpeg assumes of bare streams that do not say. */
const usualRate = { num: 25, den: 1 };

// Bare streams: pictures one after the other, at a rate that the stream may name.
function counted({ video }: SourceDescription, { times, samples }: FrameIndex): ShownFrames {
  if (times.length === 0) throw new VsError("source_damaged", "no picture of the source can be decoded");
  const [num = 0, den = 0] = video.avg_frame_rate.split("/").map(Number);
  const isSane = Number.isSafeInteger(num) && Number.isSafeInteger(den) && num / den >= 1 && num / den <= 1000;
  return {
    ...{ samples, repeats: false },
    times: Float64Array.from(times.keys()),
    countedAt: isSane ? { num, den } : usualRate,
  };
}

/** Of more than one frame in so many, another one having its time is no accident. */
const repeatedShare = 10;

/** Without what is no later than one before it. */
function rising(times: readonly number[]): Float64Array {
  let latest = -Infinity;
  return Float64Array.from(
    times.filter((time) => {
      const isLater = time > latest;
      latest = Math.max(latest, time);
      return isLater;
    }),
  );
}

/** Pictures missing one after the other: a decoder hides less than this. */
const missingLimit = 48;

// What is missing before the first picture or after the last one is how recordings begin and end.
function noteBroken(
  { timeBase }: SourceDescription,
  { listed, shown, damage }: { listed: Float64Array; shown: Float64Array; damage: SourceDamage },
): void {
  const have = new Set(shown);
  let missing = 0;
  for (const time of listed) {
    missing = time < (shown[0] ?? 0) || have.has(time) ? 0 : missing + 1;
    if (missing < missingLimit) continue;
    const seconds = ((time - (listed[0] ?? 0)) * timeBase.num) / timeBase.den;
    damage.note(
      new VsError("source_damaged", `the source breaks at ${seconds.toFixed(1)} s: its pictures cannot be decoded`, {
        hint: "Copy or download the file again, whole; or publish what is good of it with --allow-damaged",
      }),
    );
    return;
  }
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
  const stream = source.video.index;
  if (packets.startsOpen) {
    const { times } = await indexFrames(target, stream, { packets: checkedPackets });
    const head = times.sort((one, other) => one - other);
    if (head.length === 0 || head.some((time, index) => time !== pts[index])) return false;
  }
  if (source.format !== "mpegts") return true;
  const entry = packets.keyframes.at(-2) ?? packets.keyframes[0];
  if (entry === undefined) return false;
  const fromSeconds = (entry * source.timeBase.num) / source.timeBase.den;
  const { times } = await indexFrames(target, stream, { fromSeconds });
  const tail = times.filter((time) => time >= entry);
  return new Set(tail).size === pts.filter((time) => time >= entry).length;
}
