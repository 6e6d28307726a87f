// The EXT-X-MEDIA lines of the multivariant playlist: the audio and text tracks that a viewer can choose.
import type { AudioTarget, TextTarget } from "@vstream/core/media.ts";
import { quoted, tag, yesNo } from "./attribute-list.ts";
import { audioUri, stableAudioId, stableTextId, textUri } from "./rendition-uris.ts";
import { namedAudio, namedText } from "./track-names.ts";

/** What the lines of one pathway have of their own. */
export interface MediaLane {
  /** What URIs begin with. */
  readonly base: string;
  readonly audioGroup: string;
  readonly textGroup: string;
  /** Null: there is one way only. */
  readonly pathwayId: string | null;
  /** That the playlist is of. */
  readonly edition: number;
}

export function audioTags(targets: readonly AudioTarget[], lane: MediaLane): string[] {
  return namedAudio(targets).map(({ target, language, name, autoselect, isDefault }) =>
    tag("EXT-X-MEDIA", [
      ["TYPE", "AUDIO"],
      ["GROUP-ID", quoted(lane.audioGroup)],
      ["LANGUAGE", language === "" ? null : quoted(language)],
      ["NAME", quoted(name)],
      ["DEFAULT", yesNo(isDefault)],
      ["AUTOSELECT", yesNo(autoselect)],
      ["CHANNELS", quoted(String(target.channels))],
      ["STABLE-RENDITION-ID", quoted(stableAudioId(target, lane.edition))],
      ["URI", quoted(lane.base + audioUri(target, lane.edition))],
    ]),
  );
}

// What subtitles for those who do not hear have to be called: both.
const transcribing = "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound";

// Subtitles must have a language (Apple 8.10), and "und" names none: the first tag that is for private use.
const unknownLanguage = "qaa";

/** On without being asked for, by the viewer or by what the viewer's device is set to, is only what the source has so. */
export function textTags(targets: readonly TextTarget[], lane: MediaLane): string[] {
  return namedText(targets).map(({ target, language, name, autoselect, isDefault }) =>
    tag("EXT-X-MEDIA", [
      ["TYPE", "SUBTITLES"],
      ["GROUP-ID", quoted(lane.textGroup)],
      ["LANGUAGE", quoted(language === "" ? unknownLanguage : language)],
      ["NAME", quoted(name)],
      ["DEFAULT", yesNo(isDefault)],
      ["AUTOSELECT", yesNo(autoselect)],
      ["FORCED", yesNo(target.forced)],
      ["CHARACTERISTICS", target.hearingImpaired ? quoted(transcribing) : null],
      ["STABLE-RENDITION-ID", quoted(stableTextId(target))],
      // Not in the specification, by which who does not know an attribute leaves it aside (RFC 8216bis 6.3.1). By
      // nothing else does shaka-player find subtitles of pathways.
      ["PATHWAY-ID", lane.pathwayId === null ? null : quoted(lane.pathwayId)],
      ["URI", quoted(lane.base + textUri(target))],
    ]),
  );
}
