// The language of a source's stream as playlists name it: BCP 47 in its shortest form (`eng` → `en`, `ger` → `de`).

// What containers write when they do not know, or when there is no language.
const unknown = new Set(["", "und", "mis", "mul", "zxx"]);

/** Empty for what is unknown or not a language tag. `pt_BR` is taken for `pt-BR`. */
export function languageTag(text: string): string {
  const given = text.trim().toLowerCase().replaceAll("_", "-");
  try {
    const tag = Intl.getCanonicalLocales(given)[0] ?? "";
    return unknown.has(tag.split("-")[0] ?? "") ? "" : tag;
  } catch {
    return "";
  }
}
