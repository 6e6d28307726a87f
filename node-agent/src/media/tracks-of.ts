// Pure: what a source has beside its pictures (sound, text, chapters), as people and the planner want to know it, and what
// of it is left out.
import type { AudioStream, Chapter, TextStream } from "@vstream/core/media.ts";
import type { SourceDescription } from "./describe-source.ts";
import type { PacketIndex } from "./packet-index.ts";
import type { SourceDamage } from "./source-damage.ts";
import { isKnown, unknownCodec } from "./source-refusals.ts";
import type { SourceStream } from "./source-shape.ts";

export interface SourceTracks {
  readonly audio: readonly AudioStream[];
  readonly text: readonly TextStream[];
  readonly warnings: readonly string[];
}

/** Codecs of text that ffmpeg reads; others are pictures of text. */
const textCodecs = [
  ...["subrip", "ass", "ssa", "mov_text", "webvtt", "text", "eia_608", "sami", "microdvd", "subviewer", "subviewer1"],
  ...["jacosub", "mpl2", "pjs", "realtext", "stl", "vplayer"],
];
const chapterLimit = 500;

/**
 * Tracks that have content; the numbers of those that follow one that has none stay the source's.
 * @throws VsError unknown_codec for sound that nothing decodes, unless damage is allowed
 */
export function tracksOf(source: SourceDescription, packets: PacketIndex, damage: SourceDamage): SourceTracks {
  const warnings: string[] = [];
  const hasPackets = (stream: SourceStream): boolean => packets.counts.has(stream.index);
  const audio = source.audio.flatMap((stream, track) => {
    if (!hasPackets(stream)) return [];
    const isDecoded = isKnown(stream) && !source.undecoded.has(stream.index);
    if (!isDecoded) damage.note(unknownCodec(stream));
    if (isDecoded && stream.channels > 0 && (stream.sample_rate ?? 0) > 0) return [audioStream(stream, track)];
    warnings.push(`its sound ${named(stream, track)} cannot be decoded and is left out`);
    return [];
  });
  const text = source.subtitles.flatMap((stream, track) => {
    if (!hasPackets(stream)) return [];
    const found = textStream(stream, track);
    if (!found.convertible) warnings.push(`its subtitles ${named(stream, track)} are pictures and are left out`);
    return [found];
  });
  const videos = source.otherVideos.filter(hasPackets);
  if (videos.length > 0) {
    const sizes = videos.map((video) => `${video.width}x${video.height}`).join(", ");
    warnings.push(`it has ${videos.length + 1} videos; stream ${source.video.index} is shown, not those of ${sizes}`);
  }
  return { audio, text, warnings };
}

/** Chapters on the clock of what is published. @param range seconds: where the first frame is, how long the film lasts */
export function chaptersOf(
  source: Pick<SourceDescription, "chapters">,
  range: { start: number; duration: number },
): Chapter[] {
  const within = (seconds: number | null): number =>
    Math.round(Math.min(Math.max((seconds ?? 0) - range.start, 0), range.duration) * 1000) / 1000;
  return source.chapters
    .map(({ start_time, end_time, tags }) => ({
      startSeconds: within(start_time),
      endSeconds: within(end_time),
      title: tags.title,
    }))
    .filter((chapter) => chapter.endSeconds > chapter.startSeconds)
    .slice(0, chapterLimit);
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

export function audioStream(stream: SourceStream, track: number): AudioStream {
  return {
    ...{ track, codec: stream.codec_name, language: languageTag(stream.tags.language), name: nameOf(stream) },
    ...{ channels: stream.channels, sampleRate: stream.sample_rate ?? 0 },
    defaultTrack: stream.disposition.default > 0,
  };
}

export function textStream(stream: SourceStream, track: number): TextStream {
  return {
    ...{ stream: track, codec: stream.codec_name, language: languageTag(stream.tags.language), name: nameOf(stream) },
    forced: stream.disposition.forced > 0,
    hearingImpaired: stream.disposition.hearing_impaired > 0,
    convertible: textCodecs.includes(stream.codec_name),
    captions: false,
    defaultTrack: stream.disposition.default > 0,
  };
}

/** Captions in the pictures, which are for those who do not hear. */
export const captionsStream: TextStream = {
  ...{ stream: 0, codec: "eia_608", language: "", name: "", forced: false, hearingImpaired: true },
  ...{ convertible: true, captions: true, defaultTrack: false },
};

// MP4 names the program part that is to read a track, and many writers put the track's name there.
function nameOf({ tags }: SourceStream): string {
  if (tags.title !== "") return tags.title;
  return /handle|media|gpac|bento|l-smash|mainconcept|apple|alis|^\W*$/i.test(tags.handler_name)
    ? ""
    : tags.handler_name;
}

function named(stream: SourceStream, track: number): string {
  const language = languageTag(stream.tags.language);
  const codec = isKnown(stream) ? stream.codec_name : "not known";
  return `${track} (${[codec, language].filter((part) => part !== "").join(", ")})`;
}
