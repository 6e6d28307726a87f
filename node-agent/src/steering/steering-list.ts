// The steering manifest (RFC 8216bis, section 7): which pathway a player should be on, where and when it asks again,
// and pathways that its playlist did not have.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Manifest } from "@vstream/core/media.ts";
import { assetBase, renditionUris } from "../packaging/rendition-uris.ts";
import type { Home, Place } from "./places.ts";
import { steeringQuery } from "./steering-query.ts";
import type { SteeringQuestion } from "./steering-query.ts";

const shortestTtlSeconds = 10;
const longestTtlSeconds = 300;
/** Answers a second that a steering host is to give when it has many viewers. */
const answersPerSecond = 100;

export interface SteeringList {
  readonly VERSION: 1;
  readonly TTL: number;
  readonly "RELOAD-URI": string;
  readonly "PATHWAY-PRIORITY": readonly NodeId[];
  readonly "PATHWAY-CLONES"?: readonly PathwayClone[];
}

interface PathwayClone {
  readonly "BASE-ID": NodeId;
  readonly ID: NodeId;
  readonly "URI-REPLACEMENT": {
    readonly "PER-VARIANT-URIS": Readonly<Record<string, string>>;
    readonly "PER-RENDITION-URIS": Readonly<Record<string, string>>;
  };
}

export interface Steered {
  readonly manifest: Manifest;
  /** Best first. */
  readonly pathways: readonly Place[];
  /** All nodes that were to choose from. */
  readonly places: readonly Place[];
  readonly self: Home;
}

/**
 * @param question what the player said of itself
 * @param viewers on the node that answers, or on the one that the player is on, whichever has more
 */
export function steeringList(steered: Steered, question: SteeringQuestion, viewers: number): SteeringList {
  const { pathways, places } = steered;
  const { known } = question;
  const isListed = (nodeId: NodeId): boolean => pathways.some((pathway) => pathway.nodeId === nodeId);
  const toFallBackOn = places.filter(
    (place) => known.includes(place.nodeId) && !isListed(place.nodeId) && place.standing !== "gone",
  );
  const clones = clonesFor(steered, known);
  return {
    VERSION: 1,
    TTL: ttlSeconds(viewers),
    "RELOAD-URI": steeringUrl(reloadHost(steered), steered.manifest.assetId, question),
    "PATHWAY-PRIORITY": [...pathways, ...toFallBackOn].map((place) => place.nodeId),
    ...(clones.length === 0 ? {} : { "PATHWAY-CLONES": clones }),
  };
}

/** So that a steering host is asked about a hundred times a second, however many watch. */
export function ttlSeconds(viewers: number): number {
  return Math.min(longestTtlSeconds, Math.max(shortestTtlSeconds, Math.ceil(viewers / answersPerSecond)));
}

/**
 * A player asks one host until that one names another, and is on its own when the host dies. So it is never the node
 * that the player fetches from: whose fetching breaks can still be told where to go, and who cannot ask still plays.
 */
function reloadHost({ pathways, self }: Steered): Home {
  const [first, ...others] = pathways;
  return others.find((place) => place.standing === "well") ?? (first?.standing === "well" ? first : self);
}

// Whole URIs, for HOST can change neither a port nor a path, and the playlist's own may be relative to an address that
// only the player knows.
function clonesFor({ manifest, pathways }: Steered, known: readonly NodeId[]): PathwayClone[] {
  const [base] = known;
  if (base === undefined) return [];
  return pathways
    .filter((pathway) => !known.includes(pathway.nodeId))
    .map(({ nodeId, url }) => {
      const { variants, renditions } = renditionUris(manifest, assetBase(url, manifest.assetId));
      const replacement = { "PER-VARIANT-URIS": variants, "PER-RENDITION-URIS": renditions };
      return { "BASE-ID": base, ID: nodeId, "URI-REPLACEMENT": replacement };
    });
}

function steeringUrl({ url }: Home, assetId: AssetId, question: SteeringQuestion): string {
  return `${url}/steering/${assetId}?${steeringQuery(question)}`;
}
