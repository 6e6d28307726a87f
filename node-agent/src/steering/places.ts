// The nodes that a viewer of an asset could be sent to, each with what is known of it: the directory's word, what was
// seen of it from here, and how loaded it says it is.
import type { NodeId } from "@vstream/core/ids.ts";
import type { NodeAddress } from "@vstream/core/media.ts";
import type { Candidate, NodeLoad, Standing } from "./choose-pathways.ts";
import type { Sight } from "./peer-watch.ts";

/** A node as players know it. */
export interface Home {
  readonly nodeId: NodeId;
  readonly name: string;
  readonly region: string;
  /** Playback URL, without a slash at its end. */
  readonly url: string;
}

export interface Place extends Home, Candidate {}

/** What a node knows of itself and the others. */
export interface Surroundings {
  readonly self: Home;
  readonly ownLoad: NodeLoad;
  /** Started, not stopping. */
  readonly isReady: boolean;
  readonly directory: readonly NodeAddress[];
  readonly sightOf: (nodeId: NodeId) => Sight;
  /** Whether the directory is as the control plane sees it now. */
  readonly isControlHeard: boolean;
}

/** All nodes that have an address: first the homes, in the order given, then the others. Self is always among them. */
export function placesOf(homeNodeIds: readonly NodeId[], around: Surroundings): Place[] {
  const { self, directory, sightOf } = around;
  const homes = new Set(homeNodeIds);
  const places = new Map<NodeId, Place>();
  for (const node of directory) {
    const { nodeId, name, region, playbackUrl } = node;
    if (nodeId === self.nodeId || !isWebAddress(playbackUrl)) continue;
    const sight = sightOf(nodeId);
    const url = playbackUrl.replace(/\/+$/, "");
    const standing = standingOf(node, sight, around.isControlHeard);
    places.set(nodeId, { nodeId, name, region, url, isHome: homes.has(nodeId), standing, load: sight.load });
  }
  const standing = ownStanding(around);
  places.set(self.nodeId, { ...self, isHome: homes.has(self.nodeId), standing, load: around.ownLoad });
  const others = [...places.values()].filter((place) => !place.isHome);
  return [...[...homes].flatMap((nodeId) => places.get(nodeId) ?? []), ...others];
}

/**
 * The control plane decides who drains. Whether a node lives is judged by both: who does not answer here is ill
 * whatever the directory says; who answers is well although the directory calls it down, once nobody keeps that up to
 * date.
 */
function standingOf(node: NodeAddress, sight: Sight, isControlHeard: boolean): Standing {
  const { health, scheduling, serving } = node;
  if (scheduling === "drained" || (health === "up" && !serving)) return "gone";
  if (sight.state === "silent") return "ill";
  if (health !== "up" && (isControlHeard || sight.state !== "answers")) return "ill";
  return scheduling === "draining" || !sight.ready ? "leaving" : "well";
}

// Its health the node knows better than anybody.
function ownStanding({ self, directory, isReady }: Surroundings): Standing {
  const entry = directory.find((node) => node.nodeId === self.nodeId);
  if (entry?.scheduling === "drained" || (entry?.health === "up" && !entry.serving)) return "gone";
  return entry?.scheduling === "draining" || !isReady ? "leaving" : "well";
}

// The URLs go into pages and playlists: anything but plain web addresses stays out.
function isWebAddress(url: string): boolean {
  return /^https?:\/\/[\w.[\]:~%/@+-]+$/.test(url);
}
