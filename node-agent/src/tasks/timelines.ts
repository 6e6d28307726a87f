// The timelines of sources that this node works on: fetched when they do not stand here, checked by their hash, and a
// few kept as they are used. A film's takes a few megabytes.
import { LRUCache } from "lru-cache";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { decodeTimeline } from "../media/timeline-codec.ts";
import type { Timeline } from "../media/timeline.ts";
import type { Fetcher } from "../replicate/peers.ts";

const keptTimelines = 4;

export interface TimelineDeps {
  readonly fetcher: Fetcher;
}

export class Timelines {
  readonly #deps: TimelineDeps;
  readonly #kept = new LRUCache<Sha256, Timeline>({ max: keptTimelines });

  constructor(deps: TimelineDeps) {
    this.#deps = deps;
  }

  /** @throws VsError peer_failed, object_missing, object_corrupt */
  async open(timeline: ObjectRef, holders: readonly NodeId[], signal: AbortSignal): Promise<Timeline> {
    const kept = this.#kept.get(timeline.sha256);
    if (kept !== undefined) return kept;
    const decoded = decodeTimeline(await this.#deps.fetcher.fetchBytes(timeline, holders, signal));
    this.#kept.set(timeline.sha256, decoded);
    return decoded;
  }
}
