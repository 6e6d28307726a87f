// What viewers choose tracks by: a language and a name that no other track of its kind has.
import type { AudioTarget, TextTarget } from "@vstream/core/media.ts";

export interface NamedTrack<Target> {
  readonly target: Target;
  /** BCP 47; empty when unknown. */
  readonly language: string;
  /** In Unicode's NFC, without control characters. */
  readonly name: string;
  /** Whether a player may take it by itself: among those that it cannot tell apart, only the first. */
  readonly autoselect: boolean;
}

const longestName = 100;

export function namedAudio(targets: readonly AudioTarget[]): NamedTrack<AudioTarget>[] {
  return named(targets, {
    nameOf: ({ track, name: given, channels }, language) => {
      const name = plain(given);
      const base = name === "" ? (language === "" ? `Audio ${String(track + 1)}` : languageName(language)) : name;
      return channels > 2 && !base.includes(layoutName(channels)) ? `${base} (${layoutName(channels)})` : base;
    },
    choiceOf: ({ channels }, language) => `${language} ${String(channels)}`,
  });
}

export function namedText(targets: readonly TextTarget[]): NamedTrack<TextTarget>[] {
  return named(targets, {
    nameOf: ({ track, name: given, forced, hearingImpaired }, language) => {
      const name = plain(given);
      const base = language === "" ? `Subtitles ${String(track + 1)}` : languageName(language);
      return name === "" ? base + (forced ? " (forced)" : "") + (hearingImpaired ? " (SDH)" : "") : name;
    },
    choiceOf: ({ forced, hearingImpaired }, language) => `${language} ${String(forced)} ${String(hearingImpaired)}`,
  });
}

interface Naming<Target> {
  readonly nameOf: (target: Target, language: string) => string;
  /** What a player selects by (RFC 8216bis 4.4.6.1). */
  readonly choiceOf: (target: Target, language: string) => string;
}

function named<Target extends { readonly language: string }>(
  targets: readonly Target[],
  { nameOf, choiceOf }: Naming<Target>,
): NamedTrack<Target>[] {
  const names = new Set<string>();
  const choices = new Set<string>();
  return targets.map((target) => {
    const language = languageTag(target.language);
    const name = unusedName(plain(nameOf(target, language)), names);
    const choice = choiceOf(target, language);
    const autoselect = !choices.has(choice);
    choices.add(choice);
    return { target, language, name, autoselect };
  });
}

function languageTag(language: string): string {
  if (language === "" || language.toLowerCase() === "und") return "";
  try {
    return Intl.getCanonicalLocales(language)[0] ?? "";
  } catch {
    return "";
  }
}

function languageName(tag: string): string {
  return new Intl.DisplayNames(["en"], { type: "language" }).of(tag) ?? tag;
}

function layoutName(channels: number): string {
  return channels === 6 ? "5.1" : channels === 8 ? "7.1" : `${String(channels)} channels`;
}

// Playlists are in NFC, without control characters (RFC 8216 4.1); XML cannot have those either.
function plain(name: string): string {
  const text = name
    .toWellFormed()
    .normalize("NFC")
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    // A quoted string of a playlist cannot have them.
    .replaceAll('"', "'")
    .trim();
  // Not through the middle of a pair.
  return text.slice(0, longestName).replace(/[\uD800-\uDBFF]$/, "");
}

function unusedName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count += 1) name = `${wanted} (${String(count)})`;
  taken.add(name);
  return name;
}
