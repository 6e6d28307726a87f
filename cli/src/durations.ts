// Durations as people write them (30s, 15m, 1h30m, 7d) and as they read them.
import { VsError } from "@vstream/core/errors.ts";

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Milliseconds of a text such as `30s`, `15m`, `1h30m`, `7d`.
 * @throws VsError usage when it has another form or is not longer than nothing
 */
export function parseDuration(text: string): number {
  const wellFormed = /^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text);
  const parts = wellFormed ? [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)] : [];
  const total = parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitMs[unit as keyof typeof unitMs], 0);
  if (total <= 0 || !Number.isSafeInteger(Math.round(total))) {
    throw new VsError("usage", `"${text}" is not a duration`, { hint: "Write it as 30s, 15m, 1h30m or 7d" });
  }
  return Math.round(total);
}

/** In its two largest units: `4s`, `3m 20s`, `2h 5m`, `3d 4h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(" ");
}

/**
 * An instant, from RFC 3339 (`2026-01-31T12:00:00Z`) or as a duration before now (`15m`).
 * @throws VsError usage when it is neither
 */
export function parseInstant(text: string, nowMs: number): number {
  if (/^\d{4}-\d{2}-\d{2}/.test(text)) {
    const at = Date.parse(text);
    if (!Number.isNaN(at)) return at;
  } else if (/^[\d.]+(ms|s|m|h|d)/.test(text)) {
    return nowMs - parseDuration(text);
  }
  throw new VsError("usage", `"${text}" is neither a time nor a duration`, {
    hint: "Write a time as 2026-01-31T12:00:00Z, or how long ago as 15m",
  });
}
