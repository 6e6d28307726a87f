// What the runs of all kinds of tasks share.
import type { Clock } from "@vstream/core/clock.ts";
import type { AssetId, NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Manifest } from "@vstream/core/media.ts";
import type { MediaTools } from "../media/media-tools.ts";
import type { Fetcher, Peers } from "../replicate/peers.ts";
import type { VerifiedBlocks } from "../replicate/verified-blocks.ts";
import type { SubtitleFile, SubtitleFileQuery } from "../rpc/control-messages.ts";
import type { SourceAccess } from "../sources/source-access.ts";
import type { LostCopies, Store } from "../store/store.ts";
import type { Timelines } from "./timelines.ts";

/** Where sources may be fetched from, and how. */
export interface SourcesDeps {
  readonly access: Pick<SourceAccess, "open">;
  readonly clock: Clock;
  /** Of one that this node fetches. */
  readonly maxSourceBytes: number;
}

export interface WorkDeps {
  readonly nodeId: NodeId;
  readonly tools: MediaTools;
  readonly store: Store;
  readonly fetcher: Fetcher;
  readonly peers: Peers;
  readonly timelines: Timelines;
  readonly sources: SourcesDeps;
  /** Pieces from the first chunk that haveVersion lacked; 0: all. */
  readonly askControl: (
    query: { assetId: AssetId; haveVersion: number; edition?: number },
    signal: AbortSignal,
  ) => Promise<Manifest>;
  /** A file of subtitles that was given beside an asset's source. @throws VsError not_found */
  readonly getSubtitleFile: (query: SubtitleFileQuery, signal: AbortSignal) => Promise<SubtitleFile>;
  /** Of all tasks' sources. */
  readonly verifiedBlocks: VerifiedBlocks;
  /** Hears of an object whose file here is wrong. Not waited for. */
  readonly onDamage: (sha256: Sha256) => void;
  /** Hears of copies that are gone, whatever becomes of the task. Not waited for. */
  readonly onLost: (lost: LostCopies) => void;
  readonly log: Logger;
}
