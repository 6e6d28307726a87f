// Rules on a multivariant playlist that its text alone decides. Pure.
import { finding, unless } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { channelsOf, checkGroups } from "./group-rules.ts";
import { hasVideo, isAudioCodec, isVideoCodec } from "./parse-multivariant.ts";
import type { MultivariantPlaylist, Variant } from "./parse-multivariant.ts";
import { renditionsOf } from "./views.ts";

/** The rate near which the first variant lies that is listed (Apple 1.32). */
const firstVariantBps = 2_000_000;
const mostFrameRate = 60;

export function checkMultivariant(playlist: MultivariantPlaylist): Finding[] {
  const { url, variants, iFrameVariants } = playlist;
  return [
    ...playlist.problems.map((problem) => finding("RFC 8216bis 4.1", url, problem)),
    ...unless(playlist.independentSegments, "Apple 9.11", url, "it has no EXT-X-INDEPENDENT-SEGMENTS"),
    ...variants.flatMap((variant) => checkVariant(playlist, variant)),
    ...iFrameVariants.flatMap((variant) => checkIFrameVariant(variant)),
    ...checkOrder(variants),
    ...checkShapes(variants),
    ...checkRanges(variants),
    ...checkGroups(playlist),
    ...checkVersion(playlist),
  ];
}

function checkVariant(playlist: MultivariantPlaylist, variant: Variant): Finding[] {
  const { url, attributes, frameRate } = variant;
  const isVideo = hasVideo(variant);
  const lacks = (name: string): string => `the variant has no ${name}`;
  return [
    ...unless(variant.codecs.length > 0, "Apple 9.1", url, lacks("CODECS")),
    ...unless(!isVideo || variant.resolution !== null, "Apple 9.2", url, lacks("RESOLUTION")),
    ...unless(variant.averageBandwidth !== null, "Apple 9.14", url, lacks("AVERAGE-BANDWIDTH")),
    ...unless(!isVideo || frameRate !== null, "Apple 9.15", url, lacks("FRAME-RATE")),
    ...unless((frameRate ?? 0) <= mostFrameRate, "Apple 1.19", url, `it says ${frameRate ?? 0} frames a second`),
    ...unless(!isVideo || attributes.has("CLOSED-CAPTIONS"), "CLOSED-CAPTIONS", url, lacks("CLOSED-CAPTIONS")),
    ...checkDeclaredPeak(variant),
    ...checkGroupNames(playlist, variant),
    ...checkMuxedAudio(playlist, variant),
  ];
}

function checkDeclaredPeak({ url, bandwidth, averageBandwidth }: Variant): Finding[] {
  if (averageBandwidth === null || averageBandwidth === 0) return [];
  const share = percent(bandwidth / averageBandwidth);
  const message = `BANDWIDTH ${bandwidth} is ${share} of AVERAGE-BANDWIDTH ${averageBandwidth}`;
  return unless(bandwidth <= 2 * averageBandwidth, "Apple 1.30", url, message);
}

function checkGroupNames({ renditions }: MultivariantPlaylist, { url, attributes }: Variant): Finding[] {
  return ["AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"].flatMap((type) => {
    const groupId = attributes.get(type);
    if (groupId === undefined || (type === "CLOSED-CAPTIONS" && groupId === "NONE")) return [];
    const exists = renditions.some((rendition) => rendition.type === type && rendition.groupId === groupId);
    return unless(exists, "RFC 8216bis 4.4.6.2.1", url, `its ${type} group "${groupId}" does not exist`);
  });
}

function checkMuxedAudio(playlist: MultivariantPlaylist, variant: Variant): Finding[] {
  const members = renditionsOf(playlist, variant, "AUDIO");
  const muxed = members.filter(({ url }) => url === null);
  const bare = members.length === 0 && variant.codecs.some(isVideoCodec) && variant.codecs.some(isAudioCodec);
  if (muxed.length === 0 && !bare) return [];
  const most = Math.max(0, ...muxed.map((rendition) => channelsOf(rendition) ?? 0));
  return [
    finding("Apple 9.5", variant.url, "its sound is in the segments of its video"),
    ...unless(most <= 2, "Apple 9.6", variant.url, `sound of ${most} channels is in the segments of its video`),
    ...unless(
      members.length <= 1,
      "Apple 9.7",
      variant.url,
      `one of ${members.length} audio renditions is in its video`,
    ),
  ];
}

function checkIFrameVariant(variant: Variant): Finding[] {
  return [
    ...unless(variant.codecs.length > 0, "Apple 9.3", variant.url, "the I-frame variant has no CODECS"),
    ...unless(variant.resolution !== null, "Apple 9.4", variant.url, "the I-frame variant has no RESOLUTION"),
  ];
}

function checkOrder(variants: readonly Variant[]): Finding[] {
  const rateOf = (variant: Variant): number => variant.averageBandwidth ?? variant.bandwidth;
  const distance = (variant: Variant): number => Math.abs(rateOf(variant) - firstVariantBps);
  // Those that every player can show are what one may begin with.
  const usual = variants.filter(({ codecs }) => codecs.some((codec) => codec.startsWith("avc1")));
  const offered = usual.length > 0 ? usual : variants;
  const [first] = variants;
  if (first === undefined) return [];
  const nearest = offered.reduce((best, variant) => (distance(variant) < distance(best) ? variant : best), first);
  const message = `it is listed first with ${rateOf(first)} bit/s; ${rateOf(nearest)} is nearer to ${firstVariantBps}`;
  return unless(distance(first) <= distance(nearest), "Apple 1.32", first.url, message);
}

function checkShapes(variants: readonly Variant[]): Finding[] {
  const sized = variants.flatMap(({ url, resolution }) => (resolution === null ? [] : [{ url, ...resolution }]));
  // The largest tells the shape best; each side of a smaller one is off by up to two pixels, to be even.
  const [widest] = sized.toSorted((one, other) => other.width - one.width);
  if (widest === undefined) return [];
  const shape = widest.width / widest.height;
  return sized.flatMap(({ url, width, height }) => {
    const tolerance = shape * (2 / width + 2 / height + 2 / widest.width + 2 / widest.height);
    const same = Math.abs(width / height - shape) <= tolerance;
    return unless(
      same,
      "Apple 1.33",
      url,
      `${width}x${height} has another shape than ${widest.width}x${widest.height}`,
    );
  });
}

function checkRanges(variants: readonly Variant[]): Finding[] {
  const ofVideo = variants.filter(hasVideo);
  const rangeOf = ({ attributes }: Variant): string => attributes.get("VIDEO-RANGE") ?? "SDR";
  const hdr = ofVideo.filter((variant) => rangeOf(variant) !== "SDR");
  const [first] = hdr;
  if (first === undefined) return [];
  const silent = ofVideo.filter(({ attributes }) => !attributes.has("VIDEO-RANGE"));
  return [
    ...unless(hdr.length < ofVideo.length, "Apple 1.24", first.url, `all variants are ${rangeOf(first)}, none is SDR`),
    ...silent.map(({ url }) => finding("Apple 9.16", url, "it has no VIDEO-RANGE, while others are HDR")),
  ];
}

/** Not while it grows: what an I-frame playlist weighs is not known then, and players read the index once. */
export function checkTrickPlay({ url, variants, iFrameVariants }: MultivariantPlaylist): Finding[] {
  const wanted = variants.some(hasVideo);
  return unless(!wanted || iFrameVariants.length > 0, "Apple 6.1", url, "it has no EXT-X-I-FRAME-STREAM-INF");
}

function checkVersion({ url, version, renditions }: MultivariantPlaylist): Finding[] {
  const service = renditions.some(({ attributes }) => attributes.get("INSTREAM-ID")?.startsWith("SERVICE") === true);
  return unless(version >= (service ? 7 : 1), "RFC 8216bis 8", url, `version ${version}, and 7 is needed`);
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
