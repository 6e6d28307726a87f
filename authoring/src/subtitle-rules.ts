// Rules on the segments of subtitles. Pure.
import { finding, unless } from "./findings.ts";
import type { Finding } from "./findings.ts";
import type { MediaView } from "./views.ts";
import type { WebVtt } from "./web-vtt.ts";

/** What times of cues are rounded to, with room. */
const roundingSeconds = 0.1;

/** @param startSeconds when the asset's media begin, by their boxes */
export function checkSubtitles({ kind, playlist, texts, segments, inits }: MediaView, startSeconds: number): Finding[] {
  if (kind !== "subtitles") return [];
  const isImsc = inits.some(({ tracks }) => tracks.some(({ entry }) => entry.type === "stpp"));
  let from = startSeconds;
  return playlist.segments.flatMap((segment, index) => {
    const to = from + segment.durationSeconds;
    const [text, scanned] = [texts[index] ?? null, segments[index] ?? null];
    const span = { from, to };
    from = to;
    if (text?.isWebVtt === true) return checkText(text, segment.url, span);
    if (isImsc || (text === null && scanned === null)) return [];
    return [finding("Apple 5.2", segment.url, "the segment does not begin with WEBVTT")];
  });
}

function checkText(text: WebVtt, where: string, span: { from: number; to: number }): Finding[] {
  const { offsetSeconds, cues, problems } = text;
  if (offsetSeconds === null)
    return [finding("Apple 5.3", where, "its header has no X-TIMESTAMP-MAP that can be read")];
  const backward = cues.find(({ startSeconds, endSeconds }) => endSeconds <= startSeconds);
  const astray = cues.find(({ startSeconds, endSeconds }) => {
    const [begins, ends] = [startSeconds + offsetSeconds, endSeconds + offsetSeconds];
    return ends < span.from - roundingSeconds || begins > span.to + roundingSeconds;
  });
  return [
    ...problems.map((problem) => finding("Apple 5.4", where, problem)),
    ...unless(
      backward === undefined,
      "Apple 5.4",
      where,
      `a cue begins at ${backward?.startSeconds ?? 0} s and ends at ${backward?.endSeconds ?? 0} s`,
    ),
    ...unless(
      astray === undefined,
      "Apple 5.4",
      where,
      `a cue at ${astray?.startSeconds ?? 0} s is not of the segment's time, ` +
        `${span.from.toFixed(3)} to ${span.to.toFixed(3)} s`,
    ),
  ];
}
