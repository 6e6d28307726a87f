// What viewers choose tracks by: a language and a name that no other track of its kind has.
import type { AudioTarget, TextTarget } from "@vstream/core/media.ts";

export interface NamedTrack<Target> {
  readonly target: Target;
  /** BCP 47; empty when unknown. */
  readonly language: string;
  /** In Unicode's NFC, without control characters. */
  readonly name: string;
  /** Whether a player may take it by itself: among those that it cannot tell apart, only the default, or the first. */
  readonly autoselect: boolean;
  /** What plays unless a viewer chooses: of audio one, of text at most one; it may be taken by itself. */
  readonly isDefault: boolean;
}

const longestName = 100;

export function namedAudio(targets: readonly AudioTarget[]): NamedTrack<AudioTarget>[] {
  const flagged = targets.findIndex(({ defaultTrack }) => defaultTrack);
  return named(targets, {
    defaultIndex: Math.max(0, flagged),
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
    defaultIndex: targets.findIndex(({ defaultTrack }) => defaultTrack),
    nameOf: ({ track, name: given, forced, hearingImpaired }, language) => {
      const name = plain(given);
      const base = language === "" ? `Subtitles ${String(track + 1)}` : languageName(language);
      return name === "" ? base + (forced ? " (forced)" : "") + (hearingImpaired ? " (SDH)" : "") : name;
    },
    choiceOf: ({ forced, hearingImpaired }, language) => `${language} ${String(forced)} ${String(hearingImpaired)}`,
  });
}

interface Naming<Target> {
  /** -1: none is. */
  readonly defaultIndex: number;
  readonly nameOf: (target: Target, language: string) => string;
  /** What a player selects by (RFC 8216bis 4.4.6.1). */
  readonly choiceOf: (target: Target, language: string) => string;
}

function named<Target extends { readonly language: string }>(
  targets: readonly Target[],
  { defaultIndex, nameOf, choiceOf }: Naming<Target>,
): NamedTrack<Target>[] {
  const names = new Set<string>();
  const choices = targets.map((target) => choiceOf(target, languageTag(target.language)));
  const defaultChoice = choices[defaultIndex];
  return targets.map((target, index) => {
    const language = languageTag(target.language);
    const name = unusedName(plain(nameOf(target, language)), names);
    const choice = choices[index];
    const isDefault = index === defaultIndex;
    const autoselect = choice === defaultChoice ? isDefault : choices.indexOf(choice ?? "") === index;
    return { target, language, name, autoselect, isDefault };
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
