// Pure: reads events of ASS and SSA as they stand in a container: eight fields, then text with instructions in braces.
// Bold, italics and underline stay; positions, colours and drawings have no place in a list of cues.
import type { TextTag, TextToken } from "./text-markup.ts";

/** ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect. */
const fieldsBeforeText = 8;
/** Weights from here on count as bold, as libass has it. */
const boldWeight = 550;

const marks = /\{([^{}]*)\}|\\([Nnh{}\\])/g;
const written: Readonly<Record<string, string>> = { N: "\n", n: " ", h: "\u00a0" };

/** @param comments braces without an instruction hold remarks of the author, which are left out; else they are text */
export function* assTokens(event: string, comments: boolean): Generator<TextToken> {
  const text = textOf(event);
  const drawing = { isOn: false };
  let at = 0;
  for (const match of text.matchAll(marks)) {
    const [mark, instructions, character] = match;
    if (!drawing.isOn) yield { kind: "text", text: text.slice(at, match.index) };
    at = match.index + mark.length;
    if (character !== undefined) {
      if (!drawing.isOn) yield { kind: "text", text: written[character] ?? character };
    } else if (instructions?.includes("\\") === true) yield* instructed(instructions, drawing);
    else if (!comments && !drawing.isOn) yield { kind: "text", text: mark };
  }
  if (!drawing.isOn) yield { kind: "text", text: text.slice(at) };
}

function textOf(event: string): string {
  let at = 0;
  for (let field = 0; field < fieldsBeforeText; field += 1) {
    const comma = event.indexOf(",", at);
    if (comma < 0) return "";
    at = comma + 1;
  }
  return event.slice(at);
}

function* instructed(instructions: string, drawing: { isOn: boolean }): Generator<TextToken> {
  for (const instruction of instructions.split("\\").slice(1)) {
    const [, name, value] = /^([biup])(\d{0,4})\s*$/.exec(instruction) ?? [];
    if (name === "p") drawing.isOn = Number(value) > 0;
    else if (name !== undefined) yield switched(name as TextTag, Number(value));
    else if (/^r(?!nd)/.test(instruction)) yield* (["b", "i", "u"] as const).map((tag) => switched(tag, 0));
  }
}

function switched(tag: TextTag, value: number): TextToken {
  return value === 1 || (tag === "b" && value >= boldWeight) ? { kind: "open", tag } : { kind: "close", tag };
}
