// One source from where it is to an asset: a file or standard input is checked, hashed, announced and uploaded; a URL is
// announced, and a node fetches it. Then it is waited for.
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { ControlClient, NewAsset } from "../control-client.ts";
import { callPatiently } from "../follow.ts";
import { formatBytes, formatPace, formatShare } from "../formats.ts";
import type { Asset, AssetPlayback } from "../shapes.ts";
import { findBeside } from "../subtitle-files.ts";
import { hasReached, waitForAsset } from "../wait-for-asset.ts";
import type { SourceProgress } from "./progress.ts";
import { SourceFile } from "./source-file.ts";
import { titleFrom } from "./source.ts";
import type { Source, SourceName } from "./source.ts";
import { spoolInput } from "./spool-input.ts";
import { upload } from "./upload.ts";

export interface IngestOptions {
  readonly settings: Omit<NewAsset, "sourceName" | "sourceBytes" | "sourceSha256" | "sourceUrl">;
  /** Whether files of subtitles that lie beside a file are taken with it. */
  readonly beside: boolean;
  readonly wait: "none" | "playable" | "ready";
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: SourceProgress;
}

interface Brought {
  readonly asset: Asset;
  readonly duplicate: boolean;
  /** This program has sent all of its source. */
  readonly uploaded: boolean;
}

/**
 * The asset, as far as was waited for, and where it plays. For a URL whose bytes turn out to be there already: the
 * asset that has them.
 * @throws VsError why there is no such asset; interrupted with what was reached by then
 */
export async function ingestSource(
  client: ControlClient,
  source: SourceName,
  options: IngestOptions,
): Promise<AssetPlayback> {
  const brought = await waitFor(client, await bringToCluster(client, source, options), options);
  const found = await callPatiently(() => client.getPlayback(brought.asset.id), {
    clock: options.clock,
    signal: options.signal,
  });
  const { duplicate } = brought;
  options.progress.end(duplicate ? `${found.asset.state} (it was there already)` : found.asset.state);
  return { ...found, asset: { ...found.asset, duplicate } };
}

async function bringToCluster(client: ControlClient, name: SourceName, options: IngestOptions): Promise<Brought> {
  if (name.kind === "url") return await announceUrl(client, name.url, options);
  const { progress, settings, signal } = options;
  await using source = await openSource(name, options);
  const onProgress = (share: number): void => {
    progress.step(`reading ${formatBytes(source.bytes)}`, share);
  };
  const sourceSha256 = await source.hash({ signal, onProgress });
  const subtitles = name.kind === "file" ? await withBeside(name.path, options) : settings.subtitles;
  const created = await client.createAsset({
    ...settings,
    title: settings.title === "" ? titleFrom(source.name) : settings.title,
    sourceName: source.name,
    sourceBytes: source.bytes,
    sourceSha256,
    sourceUrl: "",
    subtitles,
  });
  if (created.upload !== null) await uploadTo(client, source, { ...options, ...created, ticket: created.upload });
  const duplicate = created.duplicate && created.upload === null;
  if (duplicate) sayUntaken(created.asset, subtitles, options);
  return { asset: created.asset, duplicate, uploaded: created.upload !== null };
}

async function openSource(
  name: Exclude<SourceName, { kind: "url" }>,
  { progress, signal }: IngestOptions,
): Promise<Source> {
  if (name.kind === "file") return await SourceFile.open(name.path);
  const onBytes = (bytes: number): void => {
    progress.step("reading standard input", null, ` ${formatBytes(bytes)}`);
  };
  return await spoolInput(process.stdin, { signal, onBytes });
}

async function announceUrl(client: ControlClient, url: URL, { settings }: IngestOptions): Promise<Brought> {
  // What is not given a title is called by the control plane: a URL's last part may be longer than a name may be.
  const { asset, duplicate } = await client.createAsset({
    ...settings,
    sourceName: "",
    sourceBytes: 0,
    sourceSha256: "",
    sourceUrl: url.href,
  });
  return { asset, duplicate, uploaded: false };
}

async function withBeside(path: string, { settings, beside, progress }: IngestOptions): Promise<NewAsset["subtitles"]> {
  const found = beside ? await findBeside(path, settings.subtitles) : { files: [], leftOut: [] };
  for (const { name, language } of found.files) {
    progress.say(`takes the subtitles beside it: ${name}${language === "" ? "" : ` (${language})`}`);
  }
  for (const reason of found.leftOut) progress.say(`leaves out subtitles beside it: ${reason}`);
  return [...settings.subtitles, ...found.files];
}

// The asset that is there has what it was made with.
function sayUntaken(
  { id, subtitles: there }: Asset,
  given: NewAsset["subtitles"],
  { progress }: Pick<IngestOptions, "progress">,
): void {
  const isThere = (language: string): boolean => there.some((track) => (track.language ?? "") === language);
  if (given.every(({ language }) => isThere(language))) return;
  progress.say(`it was there already; add subtitles to it with: vsctl assets update ${id} --subtitle LANG=FILE`);
}

async function uploadTo(
  client: ControlClient,
  source: Source,
  options: IngestOptions & { asset: Asset; ticket: Parameters<typeof upload>[2]["ticket"] },
): Promise<void> {
  const { asset, clock, progress, signal, ticket } = options;
  let sent = 0;
  const onProgress = (bytes: number): void => {
    sent = bytes / source.bytes;
    progress.step(`uploading ${formatBytes(source.bytes)}`, sent);
  };
  try {
    onProgress(0);
    const say = (text: string): void => {
      progress.say(text);
    };
    await upload(client, source, { assetId: asset.id, ticket, clock, signal, onProgress, say });
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    throw new VsError("interrupted", `the upload of ${source.path} was interrupted at ${formatShare(sent)}`, {
      hint: "Run the same command again: it goes on where it was",
    });
  }
}

/** What is waited for in the end: another asset, when that one turns out to have the bytes that a URL gave. */
async function waitFor(client: ControlClient, brought: Brought, options: IngestOptions): Promise<Brought> {
  const { clock, progress, signal, wait } = options;
  const { id } = brought.asset;
  if (wait === "none" || hasReached(brought.asset, wait)) return brought;
  let last = brought.asset;
  const onChange = (asset: Asset): void => {
    last = asset;
    if (asset.state === "failed") return;
    progress.step(asset.step ?? asset.state, asset.progress, formatPace(asset));
  };
  const onLost = (): void => {
    progress.say("the control plane does not answer; trying again");
  };
  try {
    return { ...brought, asset: await waitForAsset(client, id, { until: wait, clock, signal, onChange, onLost }) };
  } catch (thrown) {
    if (signal.aborted) throw interruptedAfter({ ...brought, asset: last });
    if (last.duplicateOf === null) throw thrown;
    const asset = await callPatiently(() => client.getAsset(last.duplicateOf ?? ""), options);
    return await waitFor(client, { asset, duplicate: true, uploaded: false }, options);
  }
}

function interruptedAfter({ asset, uploaded }: Brought): VsError {
  const { id } = asset;
  return new VsError("interrupted", `interrupted; ${standing(asset, uploaded)}`, {
    hint: `Wait for it with: vsctl assets wait ${id}`,
  });
}

function standing({ id, state, sourceUrl }: Asset, uploaded: boolean): string {
  if (uploaded) return `the upload is complete, and asset ${id} goes on by itself`;
  if (state !== "uploading") return `the source is there, and asset ${id} goes on by itself`;
  if (sourceUrl !== null) return `a node fetches the source, and asset ${id} goes on by itself`;
  return `asset ${id} has the same bytes or name, and goes on when its own upload is complete`;
}
