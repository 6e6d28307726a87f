// Pure: reads files of subtitles, SubRip and WebVTT, as they are found: in any encoding that people use, with lines
// ended in any way, without numbers or blank lines. What a file is tells its content, not its name.
import { decodeText } from "./text-charset.ts";

export interface SubtitleCue {
  /** From the first picture on. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** With the tags of its format; may be empty. */
  readonly text: string;
}

/** Of one file: a film of three hours takes some 150 KB. */
export const subtitleFileBytes = 1024 * 1024;

/** The most files that one asset has. */
export const mostSubtitleFiles = 16;

/** All cues in the order of the file; none: it is neither SubRip nor WebVTT. */
export function readSubtitleFile(bytes: Uint8Array): SubtitleCue[] {
  const text = decodeText(bytes).replace(/^\uFEFF/, "");
  const lines = text.split(/\r\n|\n|\r/);
  return /^WEBVTT(?:[ \t]|$)/.test(lines[0] ?? "") ? webVttCues(lines) : subRipCues(lines);
}

// Hours may be missing in WebVTT; SubRip has a comma before the milliseconds, but its writers are not all agreed. What
// follows the times says where on the picture the text stands.
const time = String.raw`(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,3}))?`;
const timing = new RegExp(String.raw`^\s*${time}\s*-->\s*${time}(?:\s|$)`);

type Times = Pick<SubtitleCue, "startSeconds" | "endSeconds">;

function timesIn(line: string): Times | null {
  const parts = timing.exec(line)?.slice(1);
  return parts === undefined ? null : { startSeconds: secondsOf(parts), endSeconds: secondsOf(parts.slice(4)) };
}

function secondsOf([hours, minutes, seconds, fraction]: readonly (string | undefined)[]): number {
  const whole = Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds);
  return (whole * 1000 + Number((fraction ?? "").padEnd(3, "0"))) / 1000;
}

// A blank line ends a cue; what has no times is a note, a style or the header.
function webVttCues(lines: readonly string[]): SubtitleCue[] {
  const cues: SubtitleCue[] = [];
  let times: Times | null = null;
  let text: string[] = [];
  for (const line of [...lines, ""]) {
    const found = timesIn(line);
    if (found === null && line.trim() !== "") {
      text.push(line);
      continue;
    }
    // What stands before times without others before it is the cue's name.
    if (times !== null) cues.push({ ...times, text: text.join("\n") });
    times = found;
    text = [];
  }
  return cues;
}

// Texts with blank lines in them are frequent, and so are files without blank lines: a cue ends where the next begins.
function subRipCues(lines: readonly string[]): SubtitleCue[] {
  const begins = lines.flatMap((line, index) => {
    const times = timesIn(line);
    return times === null ? [] : [{ index, times }];
  });
  return begins.map(({ index, times }, cue) => {
    const next = begins[cue + 1]?.index ?? lines.length;
    const isNumbered = next < lines.length && next - 1 > index && /^\s*\d+\s*$/.test(lines[next - 1] ?? "");
    const text = lines.slice(index + 1, isNumbered ? next - 1 : next);
    return { ...times, text: text.filter((line) => line.trim() !== "").join("\n") };
  });
}
