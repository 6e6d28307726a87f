// The language of a source's stream as playlists name it: BCP 47 in its shortest form (`eng` → `en`, `ger` → `de`).

// What containers write when they do not know, or when there is no language.
const unknown = new Set(["", "und", "mis", "mul", "zxx"]);

/** Empty for what is unknown or not a language tag. */
export function languageTag(text: string): string {
  const given = text.trim().toLowerCase();
  if (unknown.has(given)) return "";
  try {
    return Intl.getCanonicalLocales(given)[0] ?? "";
  } catch {
    return "";
  }
}
