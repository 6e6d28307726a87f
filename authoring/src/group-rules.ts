// Rules on the renditions of a multivariant playlist and their groups that its text alone decides. Pure.
import { unless } from "./findings.ts";
import type { Finding } from "./findings.ts";
import type { MultivariantPlaylist, Rendition } from "./parse-multivariant.ts";

export function checkGroups(playlist: MultivariantPlaylist): Finding[] {
  return [...checkNames(playlist), ...playlist.renditions.flatMap((rendition) => checkRendition(playlist, rendition))];
}

/** What CHANNELS says; null when it says nothing that can be read. */
export function channelsOf({ attributes }: Pick<Rendition, "attributes">): number | null {
  const [, count] = /^(\d{1,2})(\/|$)/.exec(attributes.get("CHANNELS") ?? "") ?? [];
  return count === undefined ? null : Number(count);
}

function checkNames({ url, renditions }: MultivariantPlaylist): Finding[] {
  const groups = Map.groupBy(renditions, ({ type, groupId }) => `${type} group "${groupId}"`);
  return [...groups].flatMap(([name, members]) => {
    const names = new Set(members.map((member) => member.name));
    const defaults = members.filter(({ attributes }) => attributes.get("DEFAULT") === "YES").length;
    return [
      ...unless(
        names.size === members.length,
        "RFC 8216bis 4.4.6.1.1",
        url,
        `${name} has ${members.length} renditions with ${names.size} names`,
      ),
      ...unless(defaults <= 1, "RFC 8216bis 4.4.6.1.1", url, `${name} has ${defaults} defaults`),
    ];
  });
}

function checkRendition(playlist: MultivariantPlaylist, rendition: Rendition): Finding[] {
  const { type, name, attributes } = rendition;
  const where = rendition.url ?? playlist.url;
  const language = attributes.get("LANGUAGE");
  const said = `the ${type} rendition "${name}"`;
  return [
    ...unless(type !== "SUBTITLES" || language !== undefined, "Apple 8.10", where, `${said} has no LANGUAGE`),
    ...unless(type !== "CLOSED-CAPTIONS" || language !== undefined, "Apple 4.7", where, `${said} has no LANGUAGE`),
    ...unless(
      language === undefined || isLanguageTag(language),
      "RFC 8216bis 4.4.6.1",
      where,
      `${said} has LANGUAGE "${language ?? ""}"`,
    ),
    ...unless(type !== "AUDIO" || channelsOf(rendition) !== null, "CHANNELS", where, `${said} has no CHANNELS`),
  ];
}

/** Canonical: the shortest form of each part ("en", not "eng"), and a language that is known. */
function isLanguageTag(language: string): boolean {
  try {
    const [canonical = ""] = Intl.getCanonicalLocales(language);
    return canonical.toLowerCase() === language.toLowerCase() && !/^und(-|$)/i.test(language);
  } catch {
    return false;
  }
}
