// Every authoring rule that `vsctl assets check` can judge from outside, in one table. docs/authoring-rules.md has the
// same ones, and a test keeps the two equal. "Apple" is the HLS Authoring Specification for Apple Devices (2025-06-26),
// "RFC 8216bis" the draft of HLS's second edition.

export type RuleLevel = "must" | "should";

interface Rule {
  readonly level: RuleLevel;
  readonly sentence: string;
}

const must = (sentence: string): Rule => ({ level: "must", sentence });
const should = (sentence: string): Rule => ({ level: "should", sentence });

export const rules = {
  "Apple 1.5": must("HEVC comes in fragmented MP4 only."),
  "Apple 1.10": should("Sample entries are avc1 and hvc1, not avc3 and hev1."),
  "Apple 1.13": should("An IDR picture comes every two seconds."),
  "Apple 1.14": must("Video is progressive."),
  "Apple 1.18": should("Video has a natural frame rate: 23.976, 24, 25, 29.97, 30, 50, 59.94 or 60."),
  "Apple 1.19": must("No more than 60 frames a second."),
  "Apple 1.24": must("Where there is HDR video, there is SDR video too."),
  "Apple 1.26": must("The measured average bit rate is within 10 % of AVERAGE-BANDWIDTH."),
  "Apple 1.27": must("The measured peak bit rate is within 10 % of BANDWIDTH."),
  "Apple 1.30": should("The peak bit rate is at most 200 % of the average."),
  "Apple 1.32": should(
    "The variant that is listed first is the one nearest to 2000 kb/s, of those in H.264 if there are any.",
  ),
  "Apple 1.33": should("All variants have the same aspect ratio."),
  "Apple 1.39": must("AV1 comes in fragmented MP4 only."),
  "Apple 2.3": must("Where there is sound, there is stereo AAC."),
  "Apple 2.15": must("Alternative audio spans the whole duration."),
  "Apple 2.17": must("A segment has one audio stream."),
  "Apple 4.7": must("Closed captions have a LANGUAGE."),
  "Apple 5.2": must("Subtitles are WebVTT, or IMSC1 in fragmented MP4."),
  "Apple 5.3": must("Each WebVTT segment has an X-TIMESTAMP-MAP."),
  "Apple 5.4": must("WebVTT cues can be read, end after they begin, and belong to the time of their segment."),
  "Apple 5.5": must("A subtitle playlist spans the whole content."),
  "Apple 6.1": must("Video that has ended has I-frame playlists."),
  "Apple 6.2": should("I-frame playlists have about one picture a second; more than two seconds apart is reported."),
  "Apple 6.10": must("An I-frame segment of fragmented MP4 begins with its moof and holds one whole picture."),
  "Apple 7.3": must("Each fragment's tfdt is the one before plus its duration."),
  "Apple 7.4": must("Each video segment starts with an IDR picture."),
  "Apple 7.5": should("The target duration is six seconds."),
  "Apple 7.7": must("No segment is more than half a second longer than the target duration."),
  "Apple 8.1": must("The sum of any run of EXTINF is within one video frame of the samples' durations."),
  "Apple 8.2": must("Audio and video have the same target duration."),
  "Apple 8.3": must("Audio and video have the same duration."),
  "Apple 8.4": must("A live playlist has EXT-X-PROGRAM-DATE-TIME."),
  "Apple 8.6": must("A playlist that has ended has EXT-X-PLAYLIST-TYPE VOD or EVENT."),
  "Apple 8.7": must("All video and I-frame playlists cover the same range."),
  "Apple 8.8": must("A playlist that still grows has EXT-X-PLAYLIST-TYPE EVENT."),
  "Apple 8.10": must("Subtitles have a LANGUAGE."),
  "Apple 8.11": must("A live playlist has at least six segments."),
  "Apple 8.18": must("Nothing is redirected."),
  "Apple 8.20": must("Fragmented MP4 has an EXT-X-MAP."),
  "Apple 8.22": should("Segments begin at the same times in all variants."),
  "Apple 9.1": must("Every variant has CODECS."),
  "Apple 9.2": must("Every variant with video has RESOLUTION."),
  "Apple 9.3": must("Every I-frame variant has CODECS."),
  "Apple 9.4": must("Every I-frame variant has RESOLUTION."),
  "Apple 9.5": should("Audio is separate from video."),
  "Apple 9.6": must("Multichannel audio is separate from video."),
  "Apple 9.7": must("Alternative audio is separate from video."),
  "Apple 9.11": should("Playlists say EXT-X-INDEPENDENT-SEGMENTS."),
  "Apple 9.13": must("BANDWIDTH counts the largest renditions that can be played together."),
  "Apple 9.14": must("Every variant has AVERAGE-BANDWIDTH."),
  "Apple 9.15": must("Every variant with video has FRAME-RATE."),
  "Apple 9.16": must("Every variant with video has VIDEO-RANGE, unless all are SDR, and it is that of its pictures."),
  "Apple 10.1": must("Playlists are compressed with gzip for those who accept it."),
  "Apple 10.2": should("There is more than one copy to play from."),
  "Apple 10.4": should("Every file has its content type."),
  "Apple 12.1": must("TLS is of version 1.2 or later."),
  "Apple 14.3": must("PART-HOLD-BACK is at least three part targets."),
  "RFC 8216bis 4.1": must("A playlist is well-formed."),
  "RFC 8216bis 4.4.3.6": must("An I-frame playlist says EXT-X-I-FRAMES-ONLY."),
  "RFC 8216bis 4.4.6.1": must("LANGUAGE is a tag of BCP 47."),
  "RFC 8216bis 4.4.6.1.1": must("The renditions of a group have different names, and at most one is the default."),
  "RFC 8216bis 4.4.6.2": must("CODECS, RESOLUTION and FRAME-RATE say what the media are."),
  "RFC 8216bis 4.4.6.2.1": must("The groups that a variant names exist."),
  "RFC 8216bis 4.4.6.6": must("With content steering, every variant has a PATHWAY-ID of the allowed characters."),
  "RFC 8216bis 6.2.1": must("Nothing is removed from an EVENT playlist, and nothing in it changes."),
  "RFC 8216bis 6.2.4": must("Variants have the same first timestamp, target duration and discontinuities."),
  "RFC 8216bis 7.1": must("Every pathway has the same variants and groups."),
  "RFC 8216bis 7.2": must("The steering manifest can be read and names pathways that exist."),
  "RFC 8216bis 8": must("EXT-X-VERSION is high enough for what the playlist uses."),
  "RFC 9110 8.8.3": should("A playlist has an ETag, another one for each encoding."),
  "RFC 9110 12.5.5": should("A playlist says Vary: Accept-Encoding."),
  CHANNELS: should("Every audio rendition has CHANNELS, and they are its own."),
  "CLOSED-CAPTIONS": should("A variant without closed captions says CLOSED-CAPTIONS=NONE."),
  "STABLE-ID": should("With several pathways, variants and renditions have stable ids."),
  "CMAF traf": must("A moof has one traf."),
  "CMAF trun": must("A traf has one trun."),
  "CMAF tfdt": must("Every traf has a tfdt."),
  "CMAF sync": must("Each segment starts with a sync sample."),
  "CMAF frames": must("Each sample of AAC lasts one frame, but for a track's last."),
  DASH: must("The MPD describes the same files, for the same time."),
  Decodable: must("Every rendition decodes to its end without an error, with a picture for each sample."),
  Readable: must("What a playlist names is there, whole, and can be read."),
} as const satisfies Record<string, Rule>;

export type RuleId = keyof typeof rules;

/** Rules on how files are delivered: only a running node shows whether they are kept. */
export const deliveryRules: ReadonlySet<RuleId> = new Set([
  "Apple 8.18",
  "Apple 10.1",
  "Apple 10.2",
  "Apple 10.4",
  "Apple 12.1",
  "RFC 8216bis 6.2.1",
  "RFC 8216bis 7.2",
  "RFC 9110 8.8.3",
  "RFC 9110 12.5.5",
] as const);

/** Rules that boxes do not tell: all of it has to be decoded. */
export const decodingRules: ReadonlySet<RuleId> = new Set(["Decodable"] as const);

/** How many rules boxes and playlists alone tell, wherever they are read. */
export const contentRuleCount = Object.keys(rules).length - deliveryRules.size - decodingRules.size;
