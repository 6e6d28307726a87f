// Pure: the text of one cue as WebVTT, from text and marks that were read in any format. Only tags that WebVTT knows
// come out, each closed, and everything else is text: nothing in it can end the cue, begin another or be a tag.

export const textTags = ["b", "i", "u", "c", "v", "lang", "ruby", "rt"] as const;
export type TextTag = (typeof textTags)[number];

export type TextToken =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "open"; readonly tag: TextTag; readonly classes?: readonly string[]; readonly annotation?: string }
  | { readonly kind: "close"; readonly tag: TextTag };

type OpenTag = Extract<TextToken, { kind: "open" }>;

/** Tags open at one time; more are left out. */
const depthLimit = 16;
const classLimit = 8;
const annotationLimit = 200;
/** These mean nothing without a name. */
const annotated: readonly TextTag[] = ["v", "lang"];

/** Empty when there is nothing to be read. */
export function cueText(tokens: Iterable<TextToken>): string {
  /** What the next text stands in, and what the last text stood in: tags are written when there is text for them. */
  const wanted: OpenTag[] = [];
  const written: OpenTag[] = [];
  const parts: string[] = [];
  let isBlank = true;
  for (const token of tokens) {
    if (token.kind === "open") {
      if (isSensible(token) && wanted.length < depthLimit) wanted.push(token);
    } else if (token.kind === "close") {
      const at = wanted.findLastIndex((candidate) => candidate.tag === token.tag);
      if (at >= 0) wanted.splice(at, 1);
    } else {
      const text = plain(token.text);
      if (text === "") continue;
      isBlank &&= text.trim() === "";
      parts.push(changedTags(written, wanted), escaped(text));
    }
  }
  if (isBlank) return "";
  parts.push(changedTags(written, []));
  return withoutBlankLines(parts.join(""));
}

// In other formats marks overlap: what was opened within a tag that ends is closed with it, and opened again.
function changedTags(written: OpenTag[], wanted: readonly OpenTag[]): string {
  const differs = written.findIndex((tag, index) => tag !== wanted[index]);
  const kept = differs < 0 ? written.length : differs;
  const ended = written.splice(kept).toReversed();
  const begun = wanted.slice(kept);
  written.push(...begun);
  return [...ended.map(endTag), ...begun.map(startTag)].join("");
}

function isSensible({ tag, annotation = "" }: OpenTag): boolean {
  return !annotated.includes(tag) || annotation.trim() !== "";
}

function startTag({ tag, classes = [], annotation = "" }: OpenTag): string {
  const kept = classes.filter((name) => /^[\w-]{1,32}$/.test(name)).slice(0, classLimit);
  const said = escaped(plain(annotation).replaceAll(/\s+/g, " ").trim().slice(0, annotationLimit).toWellFormed());
  return `<${[tag, ...kept].join(".")}${annotated.includes(tag) ? ` ${said}` : ""}>`;
}

function endTag({ tag }: OpenTag): string {
  return `</${tag}>`;
}

/** Without control characters, marks of byte order and halves of characters. */
function plain(text: string): string {
  return text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll("\t", " ")
    .replaceAll(/[^\P{Cc}\n]|\uFEFF/gu, "")
    .toWellFormed();
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** An empty line ends a cue. */
function withoutBlankLines(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "").join("\n");
}
