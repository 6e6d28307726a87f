// Rules on an MPD, against the HLS playlists of the same asset. Pure.
import { finding, unless } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { listedSeconds } from "./parse-media.ts";
import type { Mpd } from "./parse-mpd.ts";
import { frameSecondsOf } from "./rendition-rules.ts";
import { pathwaysOf } from "./steering-rules.ts";
import { renditionsOf } from "./views.ts";
import type { StreamView } from "./views.ts";

export function checkMpd(mpd: Mpd, url: string, stream: StreamView): Finding[] {
  if (mpd.problems.length > 0) return mpd.problems.map((problem) => finding("DASH", url, problem));
  const views = [...stream.media.values()];
  const tracks = views.filter(({ kind }) => kind === "video" || kind === "audio");
  // While an asset grows the two are never quite of one moment.
  if (!mpd.isStatic || !tracks.every(({ playlist }) => playlist.ended)) return [];
  const [video] = tracks.filter(({ kind }) => kind === "video");
  const wanted = video === undefined ? null : listedSeconds(video.playlist);
  const is = mpd.durationSeconds;
  const same = wanted !== null && is !== null && Math.abs(is - wanted) <= frameSecondsOf(views) + 0.001;
  return [
    ...checkFiles(mpd, url, stream),
    ...unless(
      wanted === null || same,
      "DASH",
      url,
      `it lasts ${is?.toFixed(3) ?? "no known time"}, the video of HLS ${wanted?.toFixed(3) ?? ""} s`,
    ),
  ];
}

// Hosts differ from pathway to pathway: it is enough that the files are those of one of them.
function checkFiles({ files }: Mpd, url: string, stream: StreamView): Finding[] {
  const inMpd = new Set(files.map(pathOf));
  const compared = pathwaysOf(stream.multivariant).flatMap((pathway) => {
    const inHls = filesOf(stream, pathway);
    const foreign = [...inMpd].filter((file) => !inHls.has(file));
    const missing = [...inHls].filter((file) => !inMpd.has(file));
    return inHls.size === 0 ? [] : [{ foreign, missing }];
  });
  const wrong = ({ foreign, missing }: (typeof compared)[number]): number => foreign.length + missing.length;
  const [nearest] = compared.toSorted((one, other) => wrong(one) - wrong(other));
  if (nearest === undefined) return [];
  const { foreign, missing } = nearest;
  return [
    ...unless(
      foreign.length === 0,
      "DASH",
      url,
      `it names ${foreign.length} files that HLS does not: ${foreign[0] ?? ""}`,
    ),
    ...unless(
      missing.length === 0,
      "DASH",
      url,
      `it lacks ${missing.length} files that HLS names: ${missing[0] ?? ""}`,
    ),
  ];
}

function filesOf({ multivariant, media }: StreamView, pathway: string): Set<string> {
  const variants = multivariant.variants.filter(({ pathwayId }) => pathwayId === pathway);
  const urls = variants.flatMap((variant) => [
    variant.url,
    ...renditionsOf(multivariant, variant, "AUDIO").flatMap(({ url }) => (url === null ? [] : [url])),
  ]);
  const segments = [...new Set(urls)].flatMap((url) => media.get(url)?.playlist.segments ?? []);
  return new Set(segments.flatMap(({ url, map }) => [url, ...(map === null ? [] : [map.url])]).map(pathOf));
}

function pathOf(url: string): string {
  return URL.parse(url)?.pathname ?? url;
}
