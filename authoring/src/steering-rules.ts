// Rules on content steering: pathways in a multivariant playlist, and the steering manifest. Pure.
import { z } from "zod";
import { finding, unless } from "./findings.ts";
import type { Finding } from "./findings.ts";
import type { MultivariantPlaylist, Variant } from "./parse-multivariant.ts";
import { renditionsOf } from "./views.ts";

const pathwayName = /^[A-Za-z0-9._-]+$/;

export function checkPathways(playlist: MultivariantPlaylist): Finding[] {
  const { url, variants, iFrameVariants, steering } = playlist;
  const pathways = pathwaysOf(playlist);
  const nameless = [...variants, ...iFrameVariants].filter(({ attributes }) => !attributes.has("PATHWAY-ID"));
  const badNames = pathways.filter((pathway) => !pathwayName.test(pathway));
  const first = steering?.pathwayId ?? null;
  return [
    ...(steering === null ? [] : nameless).map((variant) =>
      finding("RFC 8216bis 4.4.6.6", variant.url, "the variant has no PATHWAY-ID"),
    ),
    ...badNames.map((pathway) => finding("RFC 8216bis 4.4.6.6", url, `PATHWAY-ID "${pathway}" has other characters`)),
    ...unless(
      first === null || pathways.includes(first),
      "RFC 8216bis 4.4.6.6",
      url,
      `EXT-X-CONTENT-STEERING begins on "${first ?? ""}", which no variant has`,
    ),
    ...checkSameness(playlist, pathways),
    ...(pathways.length > 1 ? checkStableIds(playlist) : []),
  ];
}

export function pathwaysOf({ variants }: MultivariantPlaylist): string[] {
  return [...new Set(variants.map(({ pathwayId }) => pathwayId))];
}

// Ids of groups differ from pathway to pathway, what is in them must not.
function checkSameness(playlist: MultivariantPlaylist, pathways: readonly string[]): Finding[] {
  const listOf = (pathway: string): string[] => [
    ...playlist.variants
      .filter(({ pathwayId }) => pathwayId === pathway)
      .map((variant) => described(playlist, variant)),
    ...playlist.iFrameVariants
      .filter(({ pathwayId }) => pathwayId === pathway)
      .map((variant) => `I-frames ${described(playlist, variant)}`),
  ];
  const [first = ".", ...others] = pathways;
  const wanted = listOf(first).toSorted();
  return others.flatMap((pathway) => {
    const is = listOf(pathway).toSorted();
    const lacking = wanted.filter((one) => !is.includes(one)).length;
    const foreign = is.filter((one) => !wanted.includes(one)).length;
    const same = lacking === 0 && foreign === 0 && is.length === wanted.length;
    const differing = `${pathway} lacks ${lacking} and has ${foreign} others`;
    const message = `of pathway ${first}'s ${wanted.length} variants, ${differing}`;
    return unless(same, "RFC 8216bis 7.1", playlist.url, message);
  });
}

const told = ["NAME", "LANGUAGE", "DEFAULT", "AUTOSELECT", "FORCED", "CHANNELS", "STABLE-RENDITION-ID"];

function described(playlist: MultivariantPlaylist, variant: Variant): string {
  const groups = ["AUDIO", "SUBTITLES", "VIDEO"].map((type) =>
    renditionsOf(playlist, variant, type)
      .map(({ attributes }) => told.map((name) => attributes.get(name) ?? "").join(" "))
      .toSorted(),
  );
  const own = ["CODECS", "RESOLUTION", "FRAME-RATE", "BANDWIDTH", "STABLE-VARIANT-ID"];
  return JSON.stringify([own.map((name) => variant.attributes.get(name) ?? ""), groups]);
}

function checkStableIds({ variants, renditions, url }: MultivariantPlaylist): Finding[] {
  const variantsWithout = variants.filter(({ attributes }) => !attributes.has("STABLE-VARIANT-ID")).length;
  const renditionsWithout = renditions.filter(({ attributes }) => !attributes.has("STABLE-RENDITION-ID")).length;
  const without = variantsWithout + renditionsWithout;
  return unless(without === 0, "STABLE-ID", url, `${without} variants and renditions have no stable id`);
}

const manifestSchema = z.object({
  VERSION: z.literal(1),
  TTL: z.number().positive().max(86_400),
  "RELOAD-URI": z.string().optional(),
  "PATHWAY-PRIORITY": z.array(z.string()).min(1),
  "PATHWAY-CLONES": z.array(z.object({ ID: z.string(), "BASE-ID": z.string() })).optional(),
});

/** @param text what the steering server answered @param pathways those of the playlist */
export function checkSteeringManifest(text: string, url: string, pathways: readonly string[]): Finding[] {
  const parsed = manifestSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const message = `${issue?.path.join(".") || "it"}: ${issue?.message ?? "cannot be read"}`;
    return [finding("RFC 8216bis 7.2", url, message)];
  }
  const { "PATHWAY-PRIORITY": priority, "PATHWAY-CLONES": clones = [] } = parsed.data;
  const known = new Set([...pathways, ...clones.map(({ ID }) => ID)]);
  const usable = priority.some((pathway) => known.has(pathway));
  const message = `its pathways ${priority.join(", ")} are none of the playlist's: ${pathways.join(", ")}`;
  return unless(usable, "RFC 8216bis 7.2", url, message);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
