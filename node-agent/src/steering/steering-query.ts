// What a player says of itself in the query of a steering request: what we had put into the URI, and what players add
// (RFC 8216bis 7.3). Anyone can write anything there: what is not understood is as if it were not there.
import { isId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";

export interface SteeringQuestion {
  /** The pathways that its playlist had. */
  readonly known: readonly NodeId[];
  /** The region of the node that it came to first; null when it does not say. */
  readonly near: string | null;
}

export interface Asked extends SteeringQuestion {
  /** The node that it fetches from; null when it does not say. */
  readonly at: NodeId | null;
}

/** Ids looked at, more than a playlist ever has. */
const knownLimit = 16;

export function steeringQuery({ known, near }: SteeringQuestion): string {
  const parts = known.length === 0 ? [] : [`known=${known.join("-")}`];
  if (near !== null) parts.push(`near=${encodeURIComponent(near)}`);
  return parts.join("&");
}

/**
 * @param target of the request, with its query
 * @param atName the parameter that says where the player is
 */
export function readSteeringQuery(target: string, atName: "_HLS_pathway" | "at"): Asked {
  const query = queryOf(target);
  const known = (query.get("known") ?? "").split("-", knownLimit).filter((id) => isId("node", id));
  const near = query.get("near") ?? "";
  return { known: [...new Set(known)], near: isRegion(near) ? near : null, at: nodeIdIn(query.get(atName)) };
}

/** Whether the playlist is asked for with this node's own URIs alone: for players that find other nodes by themselves. */
export function wantsOnePathway(target: string): boolean {
  return queryOf(target).get("pathways") === "one";
}

function queryOf(target: string): URLSearchParams {
  const at = target.indexOf("?");
  return new URLSearchParams(at < 0 ? "" : target.slice(at + 1));
}

// Players send a pathway as it stands in the playlist; some put it in quotes.
function nodeIdIn(text: string | null): NodeId | null {
  const bare = (text ?? "").replaceAll('"', "");
  return isId("node", bare) ? bare : null;
}

// As an agent's configuration has it.
function isRegion(text: string): boolean {
  return /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(text);
}
