// A source for one task on a node that does not hold it: a file of the source's size that has only the bytes that the
// task needs, each block of them checked against the source's block list.
import PQueue from "p-queue";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { SourceRef } from "@vstream/core/media.ts";
import type { Scratch, SparseFile } from "../store/store.ts";
import { BlockList } from "./block-list.ts";
import { bytesOfBlocks, runsCovering } from "./block-spans.ts";
import type { ByteRange } from "./block-spans.ts";
import { isHoldersFault, noHolder } from "./fetcher.ts";
import type { Fetcher, Peers } from "./peers.ts";
import { tellHolder } from "./tell-holder.ts";

/** Eight blocks: large enough to keep a connection busy, small enough to hold a few in memory. */
const blocksAtOnce = 8;
const runsAtOnce = 3;

export interface SpanRequest {
  readonly fetcher: Fetcher;
  readonly peers: Pick<Peers, "readRange" | "tellDamage">;
  readonly log: Logger;
  readonly scratch: Pick<Scratch, "openSparse">;
  readonly source: SourceRef;
  /** Bytes [start, end) that the task will read; parts past the source's end do not matter. */
  readonly ranges: readonly ByteRange[];
  /** Nodes that hold the source, best first. */
  readonly holders: readonly NodeId[];
  readonly signal: AbortSignal;
  /** The file's name in the scratch folder; "source" when not given. */
  readonly name?: string;
}

/**
 * Path of a file in the scratch folder that is right wherever the ranges are.
 * @throws VsError peer_failed, object_missing, object_corrupt, storage_full, disk_failed, or the signal's reason
 */
export async function fetchSource(request: SpanRequest): Promise<string> {
  const { scratch, source, name = "source" } = request;
  const blockList = await BlockList.fetch(request);
  await using file = await scratch.openSparse(name, source.source.bytes);
  await new SpanFetch({ request, blockList, file }).run();
  return file.path;
}

class SpanFetch {
  readonly #request: SpanRequest;
  readonly #blockList: BlockList;
  readonly #file: SparseFile;
  /** Holders that failed once are not asked again for this file. */
  readonly #left = new Map<NodeId, VsError>();

  constructor(parts: { request: SpanRequest; blockList: BlockList; file: SparseFile }) {
    this.#request = parts.request;
    this.#blockList = parts.blockList;
    this.#file = parts.file;
  }

  async run(): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#request.signal, failed.signal]);
    const queue = new PQueue({ concurrency: runsAtOnce });
    const runs = runsCovering(this.#request.ranges, this.#blockList.blocks, blocksAtOnce);
    const fetches = runs.map((run) => queue.add(() => this.#fetchRun(run, signal)));
    try {
      await Promise.all(fetches);
    } catch (thrown) {
      failed.abort(thrown);
      // The file is closed after this: nobody may still be writing to it.
      await Promise.allSettled(fetches);
      throw thrown;
    }
  }

  async #fetchRun(run: ByteRange, signal: AbortSignal): Promise<void> {
    const { start, end } = bytesOfBlocks(run, this.#blockList.blocks);
    const object = this.#request.source.source;
    for (const holder of this.#request.holders) {
      signal.throwIfAborted();
      if (this.#left.has(holder)) continue;
      try {
        const bytes = await this.#request.peers.readRange(holder, object, { start, end }, signal);
        this.#requireBlocks(run, bytes, holder);
        await this.#file.write(start, bytes);
        return;
      } catch (thrown) {
        signal.throwIfAborted();
        this.#leave(holder, asVsError(thrown));
      }
    }
    throw noHolder(`bytes ${start} to ${end} of source ${object.sha256}`, [...this.#left.values()]);
  }

  #leave(holder: NodeId, failure: VsError): void {
    if (!isHoldersFault(failure)) throw failure;
    this.#left.set(holder, failure);
    const { sha256 } = this.#request.source.source;
    if (failure.code === "object_corrupt") tellHolder(this.#request, { holder, sha256 });
    this.#request.log.warn({ nodeId: holder, reason: failure.message }, "holder of a source left for another");
  }

  #requireBlocks(run: ByteRange, bytes: Buffer, holder: NodeId): void {
    const { blockBytes } = this.#blockList.blocks;
    for (let block = run.start; block < run.end; block += 1) {
      const offset = (block - run.start) * blockBytes;
      if (!this.#blockList.isRight(block, bytes.subarray(offset, offset + blockBytes))) {
        throw new VsError("object_corrupt", `node ${holder} gave block ${block} of the source wrong`);
      }
    }
  }
}
