// Holds a published asset against the authoring rules, as players get it: reads every multivariant playlist and all
// that it leads to, and judges it.
import { checkStream } from "@vstream/authoring/check-stream.ts";
import { FindingList, unless } from "@vstream/authoring/findings.ts";
import type { Finding } from "@vstream/authoring/findings.ts";
import { checkGrowth } from "@vstream/authoring/media-playlist-rules.ts";
import { checkMpd } from "@vstream/authoring/mpd-rules.ts";
import { parseMedia } from "@vstream/authoring/parse-media.ts";
import { parseMpd } from "@vstream/authoring/parse-mpd.ts";
import type { RuleId } from "@vstream/authoring/rules.ts";
import { checkSteeringManifest, pathwaysOf } from "@vstream/authoring/steering-rules.ts";
import { StreamReader } from "@vstream/authoring/stream-reader.ts";
import type { StreamView } from "@vstream/authoring/views.ts";
import { CheckedFiles } from "./checked-files.ts";
import { decodeRenditions } from "./decode-renditions.ts";
import { Fetcher, requestsAtOnce } from "./fetch-file.ts";

export interface CheckOptions {
  /** Multivariant playlists, one for each node that serves the asset. */
  readonly urls: readonly string[];
  /** MPDs that are said to be there; where there are none, the one beside each multivariant playlist may be missing. */
  readonly mpdUrls: readonly string[];
  /** Hosts of the cluster: `http://host:port`. */
  readonly origins: ReadonlySet<string>;
  /** One node's alone: media playlists elsewhere are left out, and that there are others is taken on trust. */
  readonly oneNode: boolean;
  readonly quick: boolean;
  /** Whether one node's renditions are decoded too. */
  readonly decode: boolean;
  /** What decodes them: a path, or a name on the PATH. */
  readonly ffmpeg?: string;
  readonly signal: AbortSignal;
  /** Certificates to trust, PEM; else those of the system. */
  readonly authorities?: string;
  readonly onRead?: (read: number, known: number) => void;
  readonly onDecoded?: (decoded: number, renditions: number) => void;
}

export interface CheckResult {
  /** Whether no MUST rule is broken. */
  readonly ok: boolean;
  readonly checked: { readonly playlists: number; readonly segments: number; readonly bytes: number };
  /** MUST rules first; of each rule the first places. */
  readonly findings: readonly Finding[];
  /** How often each broken rule is broken. */
  readonly counts: Partial<Record<RuleId, number>>;
}

export async function checkAsset(options: CheckOptions): Promise<CheckResult> {
  const { urls, origins, signal, authorities } = options;
  using fetcher = new Fetcher({ origins, signal, ...(authorities === undefined ? {} : { authorities }) });
  const findings = new FindingList();
  const onlyOrigin = options.oneNode ? (URL.parse(urls[0] ?? "")?.origin ?? null) : null;
  const onRead = options.onRead ?? (() => undefined);
  const files = new CheckedFiles(fetcher, findings);
  const reader = new StreamReader({
    ...{ files, findings, filesAtOnce: requestsAtOnce, quick: options.quick, onlyOrigin, onRead },
  });
  const streams: StreamView[] = [];
  for (const url of urls) {
    const stream = await reader.readStream(url);
    if (stream === null) continue;
    streams.push(stream);
    findings.add(checkStream(stream));
    if (!options.quick) await tryRanges(files, stream);
    findings.add(await checkSteering(files, stream));
    findings.add(await checkDash(files, stream, options));
  }
  const [nearest] = streams;
  if (options.decode && nearest !== undefined) findings.add(await decode(files, nearest, options));
  findings.add(await checkGrowing(files, streams));
  if (!options.oneNode) findings.add(checkCopies(urls, streams));
  const { playlists, segments } = reader;
  const { ok, kept, counts } = findings;
  return { ok, checked: { playlists, segments, bytes: fetcher.bytes }, findings: kept, counts };
}

async function decode(files: CheckedFiles, stream: StreamView, options: CheckOptions): Promise<Finding[]> {
  const { signal, ffmpeg = "ffmpeg", onDecoded = () => undefined } = options;
  return await decodeRenditions(stream, { read: (ref, take) => files.passOn(ref, take), onDecoded, signal, ffmpeg });
}

async function tryRanges(files: CheckedFiles, { media }: StreamView): Promise<void> {
  for (const { kind, playlist } of media.values()) if (kind === "iframes") await files.tryRanges(playlist);
}

async function checkSteering(files: CheckedFiles, { multivariant }: StreamView): Promise<Finding[]> {
  if (multivariant.steering === null) return [];
  const { serverUrl } = multivariant.steering;
  const body = await files.readFile(serverUrl, "steering", { limitBytes: smallFileBytes });
  return body === null ? [] : checkSteeringManifest(body.toString("utf8"), serverUrl, pathwaysOf(multivariant));
}

const smallFileBytes = 2 ** 20;
const mpdLimitBytes = 32 * 2 ** 20;

async function checkDash(files: CheckedFiles, stream: StreamView, { mpdUrls }: CheckOptions): Promise<Finding[]> {
  const { origin } = new URL(stream.multivariant.url);
  const named = mpdUrls.find((url) => URL.parse(url)?.origin === origin);
  const url = named ?? new URL("manifest.mpd", stream.multivariant.url).href;
  const ask = { gzip: true, limitBytes: mpdLimitBytes };
  // What nobody promised may be missing.
  if (named === undefined && (await files.fetchWhole(url, ask))?.head.status !== 200) return [];
  const body = await files.readFile(url, "mpd", ask);
  return body === null ? [] : checkMpd(parseMpd(body.toString("utf8"), url), url, stream);
}

// By now they have had time to grow.
async function checkGrowing(files: CheckedFiles, streams: readonly StreamView[]): Promise<Finding[]> {
  const growing = new Map(
    streams
      .flatMap(({ media }) => [...media])
      .filter(([, { playlist }]) => !playlist.ended && playlist.type === "EVENT"),
  );
  const findings: Finding[] = [];
  for (const [url, { playlist }] of growing) {
    const text = await files.readAgain(url);
    if (text !== null) findings.push(...checkGrowth(playlist, parseMedia(text, url)));
  }
  return findings;
}

function checkCopies(urls: readonly string[], streams: readonly StreamView[]): Finding[] {
  const pathways = new Set(streams.flatMap(({ multivariant }) => pathwaysOf(multivariant)));
  const copies = Math.max(urls.length, pathways.size);
  return unless(copies > 1, "Apple 10.2", urls[0] ?? "", `it can be played from ${copies} node`);
}
