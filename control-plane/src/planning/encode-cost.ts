// How much work an encode is, and whether a cluster that was measured does it faster than viewers play. The unit is a
// pixel as x264's preset `fast` encodes it on one core. Measured on one clip, so rough: it is there to tell half of
// playback speed from twice, and what a machine really does is measured with it.
import type { Probe, Rung } from "@vstream/core/media.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { isSchedulable } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";

/** A pixel of the source, decoded once and scaled. */
const decodeCost = 0.15;
/** x265 beside x264 at the same preset. */
const hevcCost = 2;
const presetCosts: Readonly<Record<string, number>> = {
  ultrafast: 0.17,
  superfast: 0.34,
  veryfast: 0.5,
  faster: 0.75,
  fast: 1,
  medium: 1.15,
  slow: 1.5,
  slower: 3,
};

/** Of one frame of the film, into all of these rungs in one run. */
export function costPerFrame({ video }: Pick<Probe, "video">, rungs: readonly Rung[]): number {
  const encoded = rungs.map(({ width, height, codec, preset }) => {
    return width * height * (presetCosts[preset] ?? 1) * (codec === "hevc" ? hevcCost : 1);
  });
  return encoded.reduce((sum, cost) => sum + cost, video.width * video.height * decodeCost);
}

/**
 * Media seconds a second in which the cluster encodes these rungs of a film, beside the other films that are encoded
 * now. null: no node that takes work has been measured. One that was not counts as the mean of the others.
 */
export function encodeSpeed(probe: Probe, rungs: readonly Rung[], cluster: Cluster): number | null {
  const nodes = cluster.nodes.filter(isSchedulable);
  const measured = nodes.flatMap(({ id }) => cluster.encodeSpeeds.get(id) ?? []);
  if (measured.length === 0) return null;
  const mean = measured.reduce((sum, speed) => sum + speed, 0) / measured.length;
  const speedOf = ({ id, encodeSlots }: NodeRecord): number => (cluster.encodeSpeeds.get(id) ?? mean) * encodeSlots;
  const whole = nodes.reduce((sum, node) => sum + speedOf(node), 0);
  return whole / Math.max(1, cluster.filmsEncoded) / (costPerFrame(probe, rungs) * probe.video.frameRate);
}
