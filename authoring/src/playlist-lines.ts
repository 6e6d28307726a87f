// The grammar that both kinds of playlist share (RFC 8216bis 4.1, 4.2): lines, tags, attribute lists. Wrong text is no
// exception here: it is what a check looks for.

export interface PlaylistLine {
  /** `EXTINF`; empty: a URI. */
  readonly tag: string;
  /** What follows the tag's colon, or the URI. */
  readonly value: string;
}

export type Attributes = ReadonlyMap<string, string>;

/** Lines that are read of a playlist; two hours of I-frames are 15,000. */
const linesLimit = 500_000;

/** Tags and URIs in order, without comments. @param problems gets a sentence for each thing that is malformed */
export function playlistLines(text: string, problems: string[]): PlaylistLine[] {
  const lines = text.split(/\r?\n/, linesLimit + 1);
  if (lines.length > linesLimit) problems.push(`it has more than ${linesLimit} lines`);
  if (lines[0] !== "#EXTM3U") problems.push("its first line is not #EXTM3U");
  if (text.startsWith("\uFEFF")) problems.push("it begins with a byte order mark");
  if (/[^\P{Cc}\t\r\n]/u.test(text)) problems.push("it has control characters");
  return lines.slice(0, linesLimit).flatMap((line): PlaylistLine[] => {
    if (line === "" || (line.startsWith("#") && !line.startsWith("#EXT"))) return [];
    if (!line.startsWith("#")) return [{ tag: "", value: line }];
    const colon = line.indexOf(":");
    return [
      colon < 0 ? { tag: line.slice(1), value: "" } : { tag: line.slice(1, colon), value: line.slice(colon + 1) },
    ];
  });
}

const attribute = /([A-Z0-9-]+)=("[^"]*"|[^",]*)(,|$)/y;

/** Values without their quotes. */
export function parseAttributes({ tag, value }: PlaylistLine, problems: string[]): Attributes {
  const attributes = new Map<string, string>();
  attribute.lastIndex = 0;
  while (attribute.lastIndex < value.length) {
    const found = attribute.exec(value);
    if (found === null) {
      problems.push(`the attributes of ${tag} cannot be read: ${value.slice(0, 80)}`);
      break;
    }
    const [, name = "", raw = ""] = found;
    if (attributes.has(name)) problems.push(`${tag} has ${name} twice`);
    attributes.set(name, raw.replaceAll('"', ""));
  }
  return attributes;
}

/** A number, or null when there is none that can be one. */
export function numberOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d+(\.\d+)?$/.test(text)) return null;
  return Number(text);
}

/** Absolute, or as it stands when it cannot be resolved. */
export function resolveUri(uri: string, base: string, problems: string[]): string {
  const url = URL.parse(uri, base);
  if (url === null) problems.push(`"${uri.slice(0, 80)}" is no URI`);
  return url?.href ?? uri;
}
