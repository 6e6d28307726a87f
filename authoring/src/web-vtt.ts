// A segment of WebVTT as rules see it: its header, and when its cues begin and end (W3C WebVTT; RFC 8216bis 3.1.4).

export interface WebVtt {
  readonly bytes: number;
  /** It begins with WEBVTT. */
  readonly isWebVtt: boolean;
  /** Media time minus local time, seconds; null: there is no X-TIMESTAMP-MAP, or none that can be read. */
  readonly offsetSeconds: number | null;
  readonly cues: readonly { readonly startSeconds: number; readonly endSeconds: number }[];
  /** What cannot be read, the first few. */
  readonly problems: readonly string[];
}

const problemsLimit = 5;
const cuesLimit = 100_000;

export function parseWebVtt(text: string): WebVtt {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  const headEnd = lines.indexOf("");
  const head = headEnd < 0 ? lines : lines.slice(0, headEnd);
  const cues: { startSeconds: number; endSeconds: number }[] = [];
  const problems: string[] = [];
  for (const line of lines.slice(head.length)) {
    if (!line.includes("-->") || cues.length >= cuesLimit) continue;
    const cue = cueTimes(line);
    if (cue === null) problems.push(`"${line.slice(0, 60)}" is no time of a cue`);
    else cues.push(cue);
  }
  return {
    bytes: Buffer.byteLength(text),
    isWebVtt: /^WEBVTT([ \t]|$)/.test(lines[0] ?? ""),
    offsetSeconds: timestampMap(head),
    cues,
    problems: problems.slice(0, problemsLimit),
  };
}

const clock = /(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})/;
const timing = new RegExp(`^[ \\t]*${clock.source}[ \\t]+-->[ \\t]+${clock.source}([ \\t]|$)`);

function cueTimes(line: string): { startSeconds: number; endSeconds: number } | null {
  const found = timing.exec(line);
  if (found === null) return null;
  return { startSeconds: secondsOf(found.slice(1, 5)), endSeconds: secondsOf(found.slice(5, 9)) };
}

function secondsOf([hours, minutes, seconds, millis]: readonly (string | undefined)[]): number {
  return Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(millis) / 1000;
}

function timestampMap(head: readonly string[]): number | null {
  const line = head.find((candidate) => candidate.startsWith("X-TIMESTAMP-MAP="));
  const local = clock.exec(/LOCAL:([\d:.]+)/.exec(line ?? "")?.[1] ?? "");
  const ticks = /MPEGTS:(\d{1,12})/.exec(line ?? "")?.[1];
  return local === null || ticks === undefined ? null : Number(ticks) / 90_000 - secondsOf(local.slice(1, 5));
}
