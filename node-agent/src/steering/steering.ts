// Tells viewers which node to fetch from: in playlists, steering manifests and to our own player. Out of what this node
// knows by itself: the asset's manifest, the directory as last told, and the nodes that it probes.
import type { Registry } from "prom-client";
import type { Clock } from "@vstream/core/clock.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Manifest } from "@vstream/core/media.ts";
import { assetBase } from "../packaging/rendition-uris.ts";
import type { Steering as PlaylistSteering } from "../packaging/multivariant-playlist.ts";
import { nodeIn } from "../replicate/directory-index.ts";
import type { Peers } from "../replicate/peers.ts";
import { choosePathways, usageOf } from "./choose-pathways.ts";
import type { NodeLoad, Rng, Viewer } from "./choose-pathways.ts";
import { PeerWatch } from "./peer-watch.ts";
import { placesOf } from "./places.ts";
import type { Home, Place } from "./places.ts";
import { registerSteeringMetrics } from "./steering-metrics.ts";
import type { CountAnswer } from "./steering-metrics.ts";
import { steeringList } from "./steering-list.ts";
import type { Steered, SteeringList } from "./steering-list.ts";
import { steeringQuery } from "./steering-query.ts";
import type { Asked } from "./steering-query.ts";

/** Nodes that our own player is told of: the homes, and others to fall back on. */
const homesLimit = 8;

/** A busy node, 1 at most, goes before one of another region, and that before one that may be down. */
const ranks = { far: 2, down: 4, silent: 8 } as const;

export interface SteeringDeps {
  readonly nodeId: NodeId;
  readonly region: string;
  readonly peers: Pick<Peers, "directory" | "getStatus">;
  readonly ownLoad: () => NodeLoad;
  /** Started, not stopping. */
  readonly isReady: () => boolean;
  /** Whether the control plane's directory is kept up to date. */
  readonly isControlHeard: () => boolean;
  readonly registry: Registry;
  readonly rng: Rng;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Steer {
  readonly manifest: Manifest;
  readonly self: Home;
  readonly viewer: Viewer;
  /** The nodes that the viewer knows of. */
  readonly known?: readonly NodeId[];
}

export class Steering implements AsyncDisposable {
  readonly #deps: SteeringDeps;
  readonly #watch: PeerWatch;
  readonly #count: CountAnswer;

  constructor(deps: SteeringDeps) {
    this.#deps = deps;
    this.#watch = new PeerWatch(deps);
    this.#count = registerSteeringMetrics(deps.registry, this.#watch);
  }

  /** What a multivariant playlist says; null when there is one way only. @param self under its own address */
  playlist(manifest: Manifest, self: Home): PlaylistSteering | null {
    const viewer = { at: null, region: self.region };
    const { pathways, places } = this.#steer({ manifest, self, viewer }, "playlist");
    if (pathways.length < 2) return null;
    const listed = inKeptOrder(pathways);
    // Whoever reached this node can go on reaching it, wherever the homes stand.
    const own = places.find((place) => place.nodeId === self.nodeId && place.standing === "well");
    if (own !== undefined && !listed.includes(own)) listed.push(own);
    const query = steeringQuery({ known: listed.map((place) => place.nodeId), near: self.region });
    return {
      serverUri: `../../steering/${manifest.assetId}?${query}`,
      pathways: listed.map(({ nodeId, url }) => ({
        id: nodeId,
        base: nodeId === self.nodeId ? "" : assetBase(url, manifest.assetId),
      })),
    };
  }

  list(manifest: Manifest, self: Home, asked: Asked): SteeringList {
    const viewer = { at: asked.at, region: asked.near ?? self.region };
    const steered = this.#steer({ manifest, self, viewer, known: asked.known }, "steering");
    const at = steered.places.find((place) => place.nodeId === asked.at);
    const viewers = Math.max(this.#deps.ownLoad().viewers, at?.load?.viewers ?? 0);
    return steeringList(steered, asked, viewers);
  }

  /**
   * For our own player, best first; the first is where it should be. This node is among them as long as it serves: the
   * player has reached it, whatever it can reach of the others.
   * @param at where it is
   */
  homes(manifest: Manifest, self: Home, at: NodeId): Home[] {
    const viewer = { at, region: self.region };
    const { pathways, places } = this.#steer({ manifest, self, viewer }, "homes");
    const isOther = (place: Place): boolean => !pathways.includes(place) && place.nodeId !== self.nodeId;
    const others = places.filter((place) => isOther(place) && place.standing === "well");
    const own = places.find((place) => place.nodeId === self.nodeId && place.standing !== "gone");
    const isOwnToCome = own !== undefined && !pathways.includes(own);
    const listed = [...pathways, ...others].slice(0, isOwnToCome ? homesLimit - 1 : homesLimit);
    if (isOwnToCome) listed.push(own);
    return listed.map(({ nodeId, name, region, url }) => ({ nodeId, name, region, url }));
  }

  /** How well a node can be read from, lower is better: whether it answers, whether it is near, how busy it is. */
  rankOf(nodeId: NodeId): number {
    const node = nodeIn(this.#deps.peers.directory, nodeId);
    const { state, load } = this.#watch.sightOf(nodeId);
    if (node === undefined || state === "silent") return ranks.silent;
    const isDown = node.health !== "up" && state !== "answers";
    const isFar = node.region !== this.#deps.region;
    return (isDown ? ranks.down : 0) + (isFar ? ranks.far : 0) + (load === null ? 0 : Math.min(1, usageOf(load)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch[Symbol.asyncDispose]();
  }

  #steer(asking: Steer, by: "playlist" | "steering" | "homes"): Steered {
    const { manifest, self, viewer, known = [] } = asking;
    const { assetId, homeNodeIds } = manifest;
    const { peers, ownLoad, isReady, isControlHeard, rng } = this.#deps;
    this.#watch.watch(homeNodeIds);
    const sought = { assetId, homeNodeIds, known: viewer.at === null ? known : [...known, viewer.at] };
    const places = placesOf(sought, {
      ...{ self, ownLoad: ownLoad(), isReady: isReady(), directory: peers.directory },
      ...{ isControlHeard: isControlHeard(), sightOf: (nodeId) => this.#watch.sightOf(nodeId) },
    });
    const { pathways, reason } = choosePathways(places, viewer, rng);
    this.#count({ by, reason });
    // Who stands in for the homes may be dead too.
    if (!places.some((place) => place.isHome && place.standing === "well")) this.#watch.watch(pathways);
    const byId = new Map(places.map((place) => [place.nodeId, place]));
    return { manifest, self, places, pathways: pathways.flatMap((nodeId) => byId.get(nodeId) ?? []) };
  }
}

// The order after the first says little to players, and each order is another playlist to keep: one for each first.
function inKeptOrder(pathways: readonly Place[]): Place[] {
  const [first, ...others] = pathways;
  if (first === undefined) return [];
  const turn = (place: Place): number => (place.nodeId > first.nodeId ? 0 : 1);
  const rank = (place: Place): number => (place.standing === first.standing ? 0 : 1);
  others.sort((one, other) => {
    const byRank = rank(one) - rank(other) || turn(one) - turn(other);
    return byRank !== 0 ? byRank : one.nodeId < other.nodeId ? -1 : 1;
  });
  return [first, ...others];
}
