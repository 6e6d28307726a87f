// An asset whose rungs the cluster encodes hardly faster than they are played: its lowest rung is made first, and is all
// that players are given, so that they do not stand still. The whole ladder is made after it, as the next edition.
// Decided once for an asset, when it is planned.
import type { Probe } from "@vstream/core/media.ts";
import type { EncodePlan } from "../catalog/records.ts";
import { imagesTargetFor } from "./choose-targets.ts";
import type { Cluster } from "./cluster.ts";
import { encodeSpeed } from "./encode-cost.ts";

/** The plan for its lowest rung alone; null: all rungs are made at once. */
export function lowestAlone(whole: EncodePlan, probe: Probe, cluster: Cluster): EncodePlan | null {
  const lowest = whole.rungs.findLast(({ codec, videoRange }) => codec === "h264" && videoRange === "SDR");
  if (whole.rungs.length < 2 || lowest === undefined) return null;
  const speed = encodeSpeed(probe, whole.rungs, cluster);
  if (speed === null || speed >= cluster.settings.lowestFirstBelow) return null;
  const images = whole.images === null ? null : imagesTargetFor([lowest], probe.durationSeconds);
  return { ...whole, rungs: [lowest], images };
}
