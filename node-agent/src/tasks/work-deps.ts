// What the runs of all kinds of tasks share.
import type { NodeId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { MediaTools } from "../media/media-tools.ts";
import type { Fetcher, Peers } from "../replicate/peers.ts";
import type { LostCopies, Store } from "../store/store.ts";
import type { Timelines } from "./timelines.ts";

export interface WorkDeps {
  readonly nodeId: NodeId;
  readonly tools: MediaTools;
  readonly store: Store;
  readonly fetcher: Fetcher;
  readonly peers: Peers;
  readonly timelines: Timelines;
  /** Hears of copies that are gone and that no task's result names. Not waited for. */
  readonly onLost: (lost: LostCopies) => void;
  readonly log: Logger;
}
