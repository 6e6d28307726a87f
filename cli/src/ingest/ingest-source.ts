// One source from a file to an asset: checked, hashed, announced, uploaded, and waited for.
import { basename } from "node:path";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { ControlClient, NewAsset } from "../control-client.ts";
import { callPatiently } from "../follow.ts";
import { formatBytes, formatShare } from "../formats.ts";
import { notThereYet } from "../later-parts.ts";
import type { Asset, AssetPlayback } from "../shapes.ts";
import { hasReached, waitForAsset } from "../wait-for-asset.ts";
import type { SourceProgress } from "./progress.ts";
import { SourceFile } from "./source-file.ts";
import { upload } from "./upload.ts";

export interface IngestOptions {
  readonly settings: Omit<NewAsset, "sourceName" | "sourceBytes" | "sourceSha256">;
  readonly wait: "none" | "playable" | "ready";
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: SourceProgress;
}

/**
 * The asset, as far as was waited for, and where it plays.
 * @throws VsError why there is no such asset; interrupted with what was reached by then
 */
export async function ingestSource(
  client: ControlClient,
  path: string,
  options: IngestOptions,
): Promise<AssetPlayback> {
  const { asset, duplicate } = await bringToCluster(client, path, options);
  if (options.wait !== "none" && !hasReached(asset, options.wait)) await waitFor(client, asset, options);
  const found = await callPatiently(() => client.getPlayback(asset.id), {
    clock: options.clock,
    signal: options.signal,
  });
  options.progress.end(duplicate ? `${found.asset.state} (it was there already)` : found.asset.state);
  return { ...found, asset: { ...found.asset, duplicate } };
}

async function bringToCluster(
  client: ControlClient,
  path: string,
  options: IngestOptions,
): Promise<{ asset: Asset; duplicate: boolean }> {
  const { progress, settings, signal } = options;
  if (path === "-" || /^(https?|s3):\/\//.test(path)) throw notThereYet(`ingest from ${path}`, "media");
  await using source = await SourceFile.open(path);
  const onProgress = (share: number): void => {
    progress.step(`reading ${formatBytes(source.bytes)}`, share);
  };
  const sourceSha256 = await source.hash({ signal, onProgress });
  const created = await client.createAsset({
    ...settings,
    title: settings.title === "" ? basename(path, extensionOf(path)) : settings.title,
    sourceName: source.name,
    sourceBytes: source.bytes,
    sourceSha256,
  });
  if (created.upload !== null) await uploadTo(client, source, { ...options, ...created, ticket: created.upload });
  return { asset: created.asset, duplicate: created.duplicate && created.upload === null };
}

async function uploadTo(
  client: ControlClient,
  source: SourceFile,
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

async function waitFor(client: ControlClient, { id }: Asset, options: IngestOptions): Promise<void> {
  const { clock, progress, signal, wait } = options;
  const onChange = (asset: Asset): void => {
    if (asset.state !== "failed") progress.step(asset.step ?? asset.state, asset.progress);
  };
  const onLost = (): void => {
    progress.say("the control plane does not answer; trying again");
  };
  try {
    if (wait !== "none") await waitForAsset(client, id, { until: wait, clock, signal, onChange, onLost });
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    throw new VsError("interrupted", `interrupted; the upload is complete, and asset ${id} goes on by itself`, {
      hint: `Wait for it with: vsctl assets wait ${id}`,
    });
  }
}

function extensionOf(path: string): string {
  return /\.[A-Za-z0-9]{1,5}$/.exec(path)?.[0] ?? "";
}
