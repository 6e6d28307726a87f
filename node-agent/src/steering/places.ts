// The nodes that a viewer of an asset could be sent to, each with what is known of it: the directory's word, what was
// seen of it from here, and how loaded it says it is. Costs the same however many nodes there are.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { NodeAddress } from "@vstream/core/media.ts";
import { nodeIn, servingIn } from "../replicate/directory-index.ts";
import { soundLoad } from "./choose-pathways.ts";
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

/** Which nodes matter for one viewer. */
export interface Sought {
  readonly assetId: AssetId;
  readonly homeNodeIds: readonly NodeId[];
  /** Others that are to be looked at: where the viewer is, and what it can reach. */
  readonly known?: readonly NodeId[];
}

/** Beside those that are asked for: enough to fall back on when no home is well, chosen among so many. */
const othersLimit = 16;
const lookedAtLimit = 64;

/**
 * Nodes that have an address: first the homes, in the order given, then those that are asked for, then some others,
 * always the same ones for an asset, the well and near before the rest. Self is always among them.
 */
export function placesOf({ assetId, homeNodeIds, known = [] }: Sought, around: Surroundings): Place[] {
  const { self, directory } = around;
  const homes = new Set(homeNodeIds);
  const asked = new Set([...homeNodeIds, ...known, self.nodeId]);
  const placeOf = (nodeId: NodeId): readonly Place[] => {
    const node = nodeIn(directory, nodeId);
    const isHome = homes.has(nodeId);
    if (nodeId === self.nodeId) return [ownPlace(around, isHome)];
    return node === undefined || !isWebAddress(node.playbackUrl) ? [] : [peerPlace(node, around, isHome)];
  };
  const others = othersFor(assetId, directory).filter((nodeId) => !asked.has(nodeId));
  const rank = ({ standing, region }: Place): number =>
    (standing === "well" ? 0 : 2) + (region === self.region ? 0 : 1);
  const best = others
    .flatMap(placeOf)
    .sort((one, other) => rank(one) - rank(other))
    .slice(0, othersLimit);
  return [...[...asked].flatMap(placeOf), ...best];
}

function peerPlace(node: NodeAddress, { sightOf, isControlHeard }: Surroundings, isHome: boolean): Place {
  const { nodeId, name, region, playbackUrl } = node;
  const sight = sightOf(nodeId);
  const standing = standingOf(node, sight, isControlHeard);
  return { nodeId, name, region, url: playbackUrl.replace(/\/+$/, ""), isHome, standing, load: sight.load };
}

function ownPlace(around: Surroundings, isHome: boolean): Place {
  return { ...around.self, isHome, standing: ownStanding(around), load: soundLoad(around.ownLoad) };
}

function othersFor(assetId: AssetId, directory: readonly NodeAddress[]): readonly NodeId[] {
  const nodes = directory.length <= lookedAtLimit ? directory : servingIn(directory);
  const from = nodes.length <= lookedAtLimit ? 0 : numberOf(assetId) % nodes.length;
  const inTurn = [...nodes.slice(from, from + lookedAtLimit), ...nodes.slice(0, Math.min(from, lookedAtLimit))];
  return inTurn.slice(0, lookedAtLimit).map((node) => node.nodeId);
}

/** Spreads assets over nodes (FNV-1a). */
function numberOf(assetId: AssetId): number {
  let mixed = 0x811c9dc5;
  for (let at = 0; at < assetId.length; at += 1) mixed = Math.imul(mixed ^ assetId.charCodeAt(at), 0x01000193);
  return mixed >>> 0;
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
  const entry = nodeIn(directory, self.nodeId);
  if (entry?.scheduling === "drained" || (entry?.health === "up" && !entry.serving)) return "gone";
  return entry?.scheduling === "draining" || !isReady ? "leaving" : "well";
}

// The URLs go into pages and playlists: anything but plain web addresses stays out.
function isWebAddress(url: string): boolean {
  return /^https?:\/\/[\w.[\]:~%/@+-]+$/.test(url);
}
