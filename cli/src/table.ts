// Tables for people: aligned columns without lines, so that they can be read, searched and cut.
import { styleText } from "node:util";
import { escapeText } from "./escape-text.ts";

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: "right";
}

/** A heading and a line for each row; what rows contain cannot steer the terminal. */
export async function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): Promise<string> {
  const { default: Table } = await import("cli-table3");
  const table = new Table({
    head: columns.map((column) => styleText("bold", column.title)),
    chars: noLines,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    colAligns: columns.map((column) => column.align ?? "left"),
  });
  table.push(...rows.map((row) => columns.map((column) => coloured(escapeText(column.value(row))))));
  return withoutTrailingSpace(table.toString());
}

/** Names and values, one a line, as `show` commands print them. */
export function formatFields(fields: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields
    .map(([name, value]) => `${styleText("bold", name.padEnd(width))}  ${coloured(escapeText(value))}`)
    .join("\n");
}

const good = new Set(["up", "ready", "verified", "succeeded", "active", "ok", "running", "good"]);
const bad = new Set(["down", "failed", "lost", "dead", "suspect", "problem", "stopped", "bad", "unreachable"]);
const underWay = new Set(["draining", "cordoned", "drained", "deleting", "waiting", "cancelled", "checking"]);

// States stand out; whether colours are wanted at all is styleText's business (terminal, NO_COLOR, FORCE_COLOR).
function coloured(text: string): string {
  if (good.has(text)) return styleText("green", text);
  if (bad.has(text)) return styleText("red", text);
  return underWay.has(text) ? styleText("yellow", text) : text;
}

function withoutTrailingSpace(text: string): string {
  return text.replaceAll(/ +$/gm, "");
}

const noLines = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "   ",
};
