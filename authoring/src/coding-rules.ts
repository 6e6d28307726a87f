// Rules on what a multivariant playlist says of media, against their init segments and samples. Pure.
import { finding, unless } from "./findings.ts";
import type { Finding } from "./findings.ts";
import type { InitTrack } from "./init-segment.ts";
import { channelsOf } from "./group-rules.ts";
import { hasVideo } from "./parse-multivariant.ts";
import type { Variant } from "./parse-multivariant.ts";
import { spanOf } from "./track-span.ts";
import { mainTrack, renditionsOf } from "./views.ts";
import type { MediaView, StreamView } from "./views.ts";

const rateTolerance = 0.01;
/** FRAME-RATE has three decimals: one frame in many seconds is rounded by more than the tolerance. */
const rateRounding = 0.0005;
/** Of a rate that is still smaller, this is said. */
const leastRate = 0.001;

export function checkCoding(stream: StreamView): Finding[] {
  const { multivariant, media } = stream;
  return [
    ...multivariant.variants.flatMap((variant) => checkVariant(stream, variant)),
    ...multivariant.iFrameVariants.flatMap((variant) => checkCodecs(variant, tracksOf(media.get(variant.url)))),
    ...checkChannels(stream),
    ...checkHdr(stream),
  ];
}

function checkVariant(stream: StreamView, variant: Variant): Finding[] {
  const { multivariant, media } = stream;
  const own = media.get(variant.url);
  const others = ["AUDIO", "SUBTITLES"].flatMap((type) =>
    renditionsOf(multivariant, variant, type).flatMap(({ url }) => tracksOf(url === null ? undefined : media.get(url))),
  );
  return [
    ...checkContainers(variant, own),
    ...(tracksOf(own).length === 0 ? [] : checkCodecs(variant, [...tracksOf(own), ...others])),
    ...(own === undefined ? [] : [...checkResolution(variant, own), ...checkRate(variant, own)]),
  ];
}

function tracksOf(view: MediaView | undefined): readonly InitTrack[] {
  return view?.inits.flatMap(({ tracks }) => tracks) ?? [];
}

function checkContainers({ url, codecs }: Variant, view: MediaView | undefined): Finding[] {
  const other = view?.segments.find((segment) => segment !== null && segment.container !== "fmp4");
  const bare = view !== undefined && view.playlist.segments.some(({ map }) => map === null) && other !== undefined;
  const message = "its segments are not fragmented MP4";
  return [
    ...unless(!bare || !codecs.some((codec) => /^(hvc1|hev1|dvh)/.test(codec)), "Apple 1.5", url, message),
    ...unless(!bare || !codecs.some((codec) => /^(av01|dav1)/.test(codec)), "Apple 1.39", url, message),
  ];
}

function checkCodecs({ url, codecs }: Variant, tracks: readonly InitTrack[]): Finding[] {
  if (codecs.length === 0 || tracks.length === 0) return [];
  const said = codecs.map((codec) => codec.toLowerCase());
  const real = [...new Set(tracks.map(({ entry }) => entry.codec))];
  const missing = real.filter((codec) => !said.some((one) => isSaid(one, codec.toLowerCase())));
  const extra = codecs.filter((codec) => !real.some((one) => isSaid(codec.toLowerCase(), one.toLowerCase())));
  return [
    ...missing.map((codec) => wrong(url, `CODECS "${codecs.join(",")}" lacks ${codec}, which is in the init segment`)),
    ...extra.map((codec) => wrong(url, `CODECS says ${codec}, and the init segments say ${real.join(", ")}`)),
  ];
}

// Of codecs whose configuration is not read, only the four characters are known.
function isSaid(said: string, real: string): boolean {
  return said === real || (!real.includes(".") && said.split(".")[0] === real);
}

function wrong(url: string, message: string): Finding {
  return finding("RFC 8216bis 4.4.6.2", url, message);
}

function checkResolution({ url, resolution }: Variant, view: MediaView): Finding[] {
  const picture = mainTrack(view)?.entry.picture ?? null;
  if (picture === null || resolution === null) return [];
  const same = Math.abs(picture.width - resolution.width) <= 1 && Math.abs(picture.height - resolution.height) <= 1;
  const said = `RESOLUTION says ${resolution.width}x${resolution.height}`;
  return same ? [] : [wrong(url, `${said}, the init segment ${picture.width}x${picture.height}`)];
}

function checkRate({ url, frameRate }: Variant, view: MediaView): Finding[] {
  const span = view.kind === "video" ? spanOf(view) : null;
  if (span === null || frameRate === null) return [];
  // It is the highest rate that there is, and where frames come at any time the mean tells more. The last one may be
  // shorter than all others.
  const [mean, highest] = [1 / span.frameSeconds, 1 / span.shortestFrameSeconds];
  const least = mean * (1 - 1 / span.samples);
  const isWithin =
    frameRate >= least - Math.max(least * rateTolerance, rateRounding) &&
    frameRate <= Math.max(highest + Math.max(highest * rateTolerance, rateRounding), leastRate);
  if (isWithin && frameRate > 0) return [];
  return [wrong(url, `FRAME-RATE says ${frameRate}, the samples ${mean.toFixed(3)} to ${highest.toFixed(3)}`)];
}

function checkChannels({ multivariant, media }: StreamView): Finding[] {
  return multivariant.renditions.flatMap((rendition) => {
    const view = rendition.url === null ? undefined : media.get(rendition.url);
    const [said, real] = [channelsOf(rendition), view === undefined ? null : mainTrack(view)?.entry.sound?.channels];
    if (said === null || real === null || real === undefined || view === undefined) return [];
    return unless(said === real, "CHANNELS", view.playlist.url, `CHANNELS says ${said}, the init segment ${real}`);
  });
}

// The playlist's own words are held against each other in multivariant-rules.ts; here the media have the say.
function checkHdr({ multivariant, media }: StreamView): Finding[] {
  const known = multivariant.variants.filter(hasVideo).flatMap((variant) => {
    const view = media.get(variant.url);
    const picture = view === undefined ? null : (mainTrack(view)?.entry.picture ?? null);
    return picture === null ? [] : [{ variant, range: picture.range, said: variant.attributes.get("VIDEO-RANGE") }];
  });
  const wrongly = known.flatMap(({ variant, range, said }) => {
    const message = `VIDEO-RANGE says ${said ?? ""}, the init segment ${range ?? ""}`;
    return unless(range === null || said === undefined || said === range, "Apple 9.16", variant.url, message);
  });
  const [hdr] = known.filter(({ range }) => range === "PQ" || range === "HLG");
  if (hdr === undefined) return wrongly;
  const silent = known.filter(({ said }) => said === undefined);
  const hasSdr = known.some(({ range }) => range === "SDR" || range === null);
  return [
    ...wrongly,
    ...unless(hasSdr, "Apple 1.24", hdr.variant.url, "its pictures are HDR, and those of no variant are SDR"),
    ...silent.map(({ variant }) =>
      finding("Apple 9.16", variant.url, "it has no VIDEO-RANGE, and there are HDR pictures"),
    ),
  ];
}
