// Figures for people: sizes, rates, shares, times.
import { formatDuration } from "./durations.ts";

const nothing = "–";

/** In decimal units, as disks and networks are sold: `0 B`, `5.5 MB`. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return nothing;
  return scaled(bytes, ["B", "kB", "MB", "GB", "TB", "PB"]);
}

export function formatBitrate(bitsPerSecond: number | null): string {
  if (bitsPerSecond === null) return nothing;
  return scaled(bitsPerSecond, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"]);
}

/** From 0 to 1, rounded down, so that 100 % means all of it. */
export function formatShare(share: number): string {
  if (Number.isNaN(share)) return nothing;
  return `${Math.floor(Math.min(1, Math.max(0, share)) * 100)} %`;
}

/** How fast something is encoded, and how long that will take, as far as it is known: ` · 2.1× · 0:31 left`. */
export function formatPace({ speed, secondsLeft }: { speed: number | null; secondsLeft: number | null }): string {
  const parts = [
    ...(speed === null ? [] : [`${speed.toFixed(speed < 10 ? 1 : 0)}×`]),
    ...(secondsLeft === null || secondsLeft === 0 ? [] : [`${formatLength(Math.ceil(secondsLeft))} left`]),
  ];
  return parts.map((part) => ` · ${part}`).join("");
}

/** How long ago, for instants in RFC 3339. */
export function formatAgo(instant: string | null, nowMs: number): string {
  if (instant === null) return nothing;
  const ms = nowMs - Date.parse(instant);
  return ms < 0 ? `in ${formatDuration(-ms)}` : `${formatDuration(ms)} ago`;
}

/** A clip's length as a player shows it: `0:30`, `1:02:05`. */
export function formatLength(seconds: number | null): string {
  if (seconds === null) return nothing;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const tail = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

export function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? nothing : pairs.join(", ");
}

/** At most so many characters, with a mark where it was cut. */
export function shorten(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}

/** What stands for a value that is not there. */
export function orNothing(text: string | null): string {
  return text === null || text === "" ? nothing : text;
}

function scaled(amount: number, units: readonly string[]): string {
  let value = amount;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit] ?? ""}`;
}
