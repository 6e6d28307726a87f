// Where an asset can be watched: one URL for each home that serves it, in serving order. Pure.
import type { Playback } from "@vstream/proto/admin.ts";
import type { AssetSummary } from "../catalog/catalog.ts";
import type { NodeRecord } from "../catalog/records.ts";

/** @param nodes the asset's homes, as far as they exist */
export function playbackOf(summary: AssetSummary, nodes: readonly NodeRecord[]): Playback {
  const { asset } = summary;
  if (asset.state !== "playable" && asset.state !== "ready") return { watch: [], hls: [], dash: [] };
  const homes = asset.homes.flatMap((nodeId) => nodes.find((node) => node.id === nodeId) ?? []);
  const bases = servingHomes(homes, summary).map((node) => node.playbackUrl.replace(/\/+$/, ""));
  return {
    watch: bases.map((base) => `${base}/watch/${asset.id}`),
    hls: bases.map((base) => `${base}/v/${asset.id}/index.m3u8`),
    dash: bases.map((base) => `${base}/v/${asset.id}/manifest.mpd`),
  };
}

// A home that is leaving serves only while no other one can; one that is silent comes last.
function servingHomes(homes: readonly NodeRecord[], summary: AssetSummary): readonly NodeRecord[] {
  const verified = new Set(
    summary.replicas.filter((replica) => replica.state === "verified").map((replica) => replica.nodeId),
  );
  const alive = homes.filter((node) => node.health !== "down" && node.scheduling !== "drained");
  const staying = alive.filter((node) => node.scheduling !== "draining");
  const serving = staying.some((node) => verified.has(node.id)) ? staying : alive;
  return [...serving.filter((node) => node.health === "up"), ...serving.filter((node) => node.health !== "up")];
}
