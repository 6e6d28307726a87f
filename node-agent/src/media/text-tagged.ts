// Pure: reads text with tags in angle brackets, as SubRip and WebVTT have it. What looks like a tag and is none that
// counts is left out, with all that a script or a style sheet holds; a lone bracket is text.
import { textTags } from "./text-markup.ts";
import type { TextTag, TextToken } from "./text-markup.ts";

/** Tags of other formats that mean the same. */
const sameAs: Readonly<Record<string, TextTag>> = { strong: "b", em: "i" };
/** Nobody is to read what stands in these. */
const unread = ["script", "style"];

// Within one match nothing but what ends it is excluded, so that no text takes long: a tag, a time of karaoke, an
// instruction of ASS, a character reference.
const marks = /<\/?[A-Za-z][^<>]*>|<\d[^<>]*>|\{\\[^{}]*\}|&#?[A-Za-z0-9]{1,10};/g;

export function* taggedTokens(text: string): Generator<TextToken> {
  let at = 0;
  let silent: string | null = null;
  for (const match of text.matchAll(marks)) {
    const [mark] = match;
    if (silent === null) yield { kind: "text", text: text.slice(at, match.index) };
    at = match.index + mark.length;
    const tag = tagOf(mark);
    if (tag === null) {
      if (silent === null) yield { kind: "text", text: characterOf(mark) };
    } else if (silent !== null) {
      if (tag.closes && tag.name === silent) silent = null;
    } else if (unread.includes(tag.name)) {
      if (!tag.closes) silent = tag.name;
    } else yield* tokensOf(tag);
  }
  if (silent === null) yield { kind: "text", text: text.slice(at) };
}

interface ReadTag {
  readonly name: string;
  readonly closes: boolean;
  /** What follows the name. */
  readonly rest: string;
}

function tagOf(mark: string): ReadTag | null {
  const name = /^<\/?([A-Za-z][A-Za-z0-9]*)/.exec(mark)?.[1];
  if (name === undefined) return null;
  const closes = mark[1] === "/";
  const rest = mark.slice(1 + (closes ? 1 : 0) + name.length, -1);
  return { name: name.toLowerCase(), closes, rest };
}

function tokensOf({ name, closes, rest }: ReadTag): TextToken[] {
  if (name === "br") return [{ kind: "text", text: "\n" }];
  const tag = textTags.find((known) => known === (sameAs[name] ?? name));
  if (tag === undefined) return [];
  if (closes) return [{ kind: "close", tag }];
  const blank = rest.search(/\s/);
  const dotted = blank < 0 ? rest : rest.slice(0, blank);
  const classes = dotted.split(".").slice(1);
  const annotation = blank < 0 ? "" : [...taggedTokens(rest.slice(blank))].map(textOf).join("");
  return [{ kind: "open", tag, classes, annotation }];
}

function textOf(token: TextToken): string {
  return token.kind === "text" ? token.text : "";
}

const named: Readonly<Record<string, string>> = {
  ...{ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", lrm: "\u200e", rlm: "\u200f" },
};

// Of tags that are none nothing stays; a reference that nobody knows is text.
function characterOf(mark: string): string {
  if (!mark.startsWith("&")) return "";
  const name = mark.slice(1, -1);
  const number = /^#(?:(\d+)|[xX]([0-9A-Fa-f]+))$/.exec(name);
  if (number === null) return Object.hasOwn(named, name) ? (named[name] ?? "") : mark;
  const code = number[1] === undefined ? parseInt(number[2] ?? "", 16) : Number(number[1]);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
}
