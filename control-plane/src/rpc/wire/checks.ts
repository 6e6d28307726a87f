// What comes in by the wire is checked here, once: a name for what was wrong, and the range that was asked for.
// Inside, the types are trusted. Everything throws VsError invalid_argument.
import { VsError } from "@vstream/core/errors.ts";
import { isId, isPieceId, isSha256 } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, PieceId, Sha256, TaskId, TokenId } from "@vstream/core/ids.ts";
import { mostLabels } from "../../catalog/labels.ts";

export interface LengthRange {
  readonly min?: number;
  readonly max: number;
}

export interface NumberRange {
  readonly min: number;
  readonly max: number;
}

export const count = { min: 0, max: 2 ** 31 - 1 };
/** A pebibyte: more in one file, store or sum is a mistake. */
export const byteCount = { min: 0, max: 2 ** 50 };
export const tickCount = { min: 0, max: Number.MAX_SAFE_INTEGER };

export const labelLimits = { count: mostLabels, keyLength: 63, valueLength: 256 };

export function wrong(name: string, why: string): VsError {
  return new VsError("invalid_argument", `${name}: ${why}`);
}

/** Counted in UTF-16 units. */
export function text(value: string, name: string, range: LengthRange): string {
  const min = range.min ?? 0;
  if (value.length < min) throw wrong(name, min === 1 ? "is missing" : `is shorter than ${String(min)} characters`);
  if (value.length > range.max) throw wrong(name, `is longer than ${String(range.max)} characters`);
  return value;
}

/** Part of host names, files and playlists: letters, digits, dots, dashes and underscores. */
export function plainName(value: string, name: string): string {
  if (/^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(value)) return value;
  throw wrong(name, "is not 1 to 63 letters, digits, dots, dashes or underscores");
}

export function integer(value: number, name: string, range: NumberRange): number {
  if (!Number.isInteger(value)) throw wrong(name, "is not a whole number");
  return finite(value, name, range);
}

export function finite(value: number, name: string, range: NumberRange): number {
  if (value >= range.min && value <= range.max) return value;
  throw wrong(name, `is not between ${String(range.min)} and ${String(range.max)}`);
}

/** The nearest number of the range; its least for what is no number. */
export function clamped(value: number, range: NumberRange): number {
  return Number.isNaN(value) ? range.min : Math.min(range.max, Math.max(range.min, value));
}

export function present<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw wrong(name, "is missing");
  return value;
}

export function atMost<Item>(items: readonly Item[], name: string, limit: number): readonly Item[] {
  if (items.length > limit) throw wrong(name, `has more than ${String(limit)} entries`);
  return items;
}

export function assetId(value: string, name = "asset id"): AssetId {
  if (isId("asset", value)) return value;
  throw wrong(name, "is not the id of an asset");
}

export function nodeId(value: string, name = "node id"): NodeId {
  if (isId("node", value)) return value;
  throw wrong(name, "is not the id of a node");
}

export function taskId(value: string, name = "task id"): TaskId {
  if (isId("task", value)) return value;
  throw wrong(name, "is not the id of a task");
}

export function tokenId(value: string, name = "token id"): TokenId {
  if (isId("token", value)) return value;
  throw wrong(name, "is not the id of a token");
}

export function pieceId(value: string, name = "piece id"): PieceId {
  if (isPieceId(value)) return value;
  throw wrong(name, "is not the id of a piece");
}

export function sha256(value: string, name: string): Sha256 {
  if (isSha256(value)) return value;
  throw wrong(name, "is not a SHA-256 in lower-case hexadecimal digits");
}

export function labels(value: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = atMost(Object.entries(value), "labels", labelLimits.count);
  for (const [key, content] of entries) {
    text(key, "label name", { min: 1, max: labelLimits.keyLength });
    text(content, `label ${key}`, { max: labelLimits.valueLength });
  }
  return value;
}

/** One of a closed set of words. */
export function oneOf<Word extends string>(value: string, name: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === value);
  if (found === undefined) throw wrong(name, `is none of ${words.join(", ")}`);
  return found;
}
