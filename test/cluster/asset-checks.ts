// Questions that fault tests ask about an asset, of a bed or of a cluster on loopback.
import assert from "node:assert/strict";
import { eventually } from "./cluster.ts";
import type { AssetJson } from "./cluster.ts";
import { noticedBy } from "./crowd.ts";
import { decodeStream, mediaPlaylists, segmentsOf } from "./stream.ts";
import type { ViewerReport } from "./viewer.ts";

/** What can be asked by vsctl. */
export interface Asked {
  json<Document>(...args: string[]): Promise<Document>;
}

export interface TaskJson {
  readonly id: string;
  readonly kind: string;
  readonly nodeId: string | null;
  readonly state: string;
  readonly pieceId: string | null;
}

const clipFrames = 720;

export async function showAsset(asked: Asked, assetId: string): Promise<AssetJson> {
  return await asked.json<AssetJson>("assets", "show", assetId);
}

export async function tasksOf(asked: Asked, assetId: string): Promise<readonly TaskJson[]> {
  return (await asked.json<{ items: TaskJson[] }>("tasks", "list", "--asset", assetId, "--limit", "500")).items;
}

/** The tasks that brought something of the asset to a node that was none of these homes, as lines to compare. */
export async function movesOf(asked: Asked, assetId: string, homes: readonly string[]): Promise<string[]> {
  const moved = (await tasksOf(asked, assetId)).filter(
    ({ kind, nodeId }) => /^(transcode|audio|replicate)$/.test(kind) && !homes.includes(nodeId ?? ""),
  );
  return moved.map(({ id, kind, pieceId, nodeId }) => `${id} ${kind} ${pieceId ?? ""} ${nodeId ?? ""}`).sort();
}

/** Ids of the asset's homes, sorted. */
export async function homesOf(asked: Asked, assetId: string): Promise<string[]> {
  return (await showAsset(asked, assetId)).replicas.map(({ nodeId }) => nodeId).sort();
}

/** Waits until as many whole, verified copies stand as are wanted, on none of the nodes that are to be without. */
export async function untilWhole(
  asked: Asked,
  assetId: string,
  {
    without = [],
    copies = 2,
    limitMs = 60_000,
  }: { without?: readonly string[]; copies?: number; limitMs?: number } = {},
): Promise<AssetJson> {
  return await eventually(
    `${copies} whole copies, none on ${without.join() || "nobody"}`,
    async () => {
      const asset = await showAsset(asked, assetId);
      const right =
        asset.degraded === null &&
        asset.replicas.length === copies &&
        asset.replicas.every(({ nodeId, state }) => state === "verified" && !without.includes(nodeId));
      return right ? asset : undefined;
    },
    limitMs,
  );
}

/** Looks again and again until told to stop; gives every state and every count of missing copies that was seen. */
export function watchAsset(asked: Asked, assetId: string): { stop(): Promise<{ states: string[]; fewest: number }> } {
  const states = new Set<string>();
  const ended = new AbortController();
  let fewest = Infinity;
  const loop = (async () => {
    while (!ended.signal.aborted) {
      const asset = await showAsset(asked, assetId);
      states.add(asset.state);
      fewest = Math.min(fewest, asset.replicas.filter(({ state }) => state === "verified").length);
      await new Promise((wake) => setTimeout(wake, 200));
    }
  })();
  return {
    async stop() {
      ended.abort();
      await loop;
      return { states: [...states], fewest };
    },
  };
}

/** Fails, saying what they noticed, unless nobody saw a wrong byte, lost a playback or waited longer than this. */
export function assertUnnoticed(reports: readonly ViewerReport[], longestStallMs: number): void {
  const noticed = noticedBy(reports);
  const failed = reports.flatMap((one) => one.failed).slice(0, 3);
  const troubles = reports.flatMap((one) => one.troubles).slice(-5);
  const story = JSON.stringify({ noticed, failed, troubles }, undefined, 2);
  assert.ok(noticed.playedSeconds > 0, "somebody watched");
  assert.equal(noticed.wrongBytes, 0, story);
  assert.equal(noticed.failed, 0, story);
  assert.ok(noticed.longestStallMs <= longestStallMs, story);
}

/** Decodes the 30 s clip from these URLs: every frame is there, and the decoder says nothing. */
export async function assertPlaysWhole(urls: readonly string[]): Promise<void> {
  for (const url of urls) assert.equal((await decodeStream(url)).videoTimes.length, clipFrames, url);
}

/** An inventory says nothing of copies that were reported within ten seconds before it: waits until there are none. */
export async function untilCopiesAreOld(): Promise<void> {
  await new Promise((wake) => setTimeout(wake, 11_000));
}

export interface NamedSegment {
  /** Path on any node. */
  readonly path: string;
  readonly sha256: string;
}

/** The media segments of every rung, as the node of the URL gives them. */
export async function videoSegments(multivariantUrl: string): Promise<NamedSegment[]> {
  const playlists = (await mediaPlaylists(multivariantUrl)).filter((url) => url.includes("/video/"));
  const urls = (await Promise.all(playlists.map(segmentsOf))).flat();
  return urls
    .filter((url) => url.endsWith(".m4s"))
    .map((url) => {
      return { path: new URL(url).pathname, sha256: /([0-9a-f]{64})\.m4s$/.exec(url)?.[1] ?? "" };
    });
}
