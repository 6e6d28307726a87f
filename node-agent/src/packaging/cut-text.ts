// Cuts and joins WebVTT files whose cues have the times of the whole asset. Works on blocks of text: what a cue says
// is handed on as it stands.

/** A presentation time of 0 is the media's 0 (RFC 8216 3.5). */
const timeMap = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000";
const timing =
  /^(?:(\d{2,}):)?(\d{2}):(\d{2})\.(\d{3})[ \t]+-->[ \t]+(?:(\d{2,}):)?(\d{2}):(\d{2})\.(\d{3})(?:[ \t]|$)/;

interface Span {
  readonly startSeconds: number;
  readonly endSeconds: number;
}

interface Block {
  readonly text: string;
  /** Null: no cue, but what cues rely on, such as a style. */
  readonly span: Span | null;
}

/** What is shown in a time; null: nothing is. For HLS. */
export function sliceText(file: string | null, { startSeconds, endSeconds }: Span): string {
  const isShown = ({ span }: Block): boolean =>
    span === null || (span.startSeconds < endSeconds && span.endSeconds > startSeconds);
  const blocks = file === null ? [] : blocksOf(file).filter(isShown);
  return written([`WEBVTT\n${timeMap}`, ...blocks.map(({ text }) => text)]);
}

/** One file of many that follow each other; what lasts across a cut stands in both and is taken once. */
export function joinText(files: readonly string[]): string {
  // Styles and regions count only before the first cue (WebVTT 4.1).
  const blocks = files.flatMap(blocksOf).sort((one, other) => Number(one.span !== null) - Number(other.span !== null));
  return written(["WEBVTT", ...new Set(blocks.map(({ text }) => text))]);
}

function written(blocks: readonly string[]): string {
  return `${blocks.join("\n\n")}\n`;
}

/** All blocks but the header. */
function blocksOf(file: string): Block[] {
  const [, ...blocks] = file
    .replace(/^\uFEFF/, "")
    .replaceAll(/\r\n?/g, "\n")
    .split(/\n{2,}/);
  return blocks
    .map((block) => block.replace(/^\n+|\n+$/g, ""))
    .filter((block) => block !== "" && !/^NOTE(?:[ \t\n]|$)/.test(block))
    .map((text) => ({ text, span: spanOf(text) }));
}

// The first line, or the second below a cue's name (WebVTT 4.1).
function spanOf(block: string): Span | null {
  for (const line of block.split("\n", 2)) {
    const match = timing.exec(line);
    if (match === null) continue;
    const numbers = match.slice(1).map((digits: string | undefined) => Number(digits ?? 0));
    return { startSeconds: secondsOf(numbers.slice(0, 4)), endSeconds: secondsOf(numbers.slice(4)) };
  }
  return null;
}

function secondsOf([hours = 0, minutes = 0, seconds = 0, millis = 0]: readonly number[]): number {
  return hours * 3600 + minutes * 60 + seconds + millis / 1000;
}
