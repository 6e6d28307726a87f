// A source for one task: the stored file itself where this node holds it, else a file of the source's size that has
// only the bytes that the task needs, each block of them checked against the source's block list.
import PQueue from "p-queue";
import { createHash } from "node:crypto";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { SourceRef } from "@vstream/core/media.ts";
import { blockHashBytes } from "../store/hash-file.ts";
import type { Scratch, SparseFile, Store } from "../store/store.ts";
import { blockCount, bytesOfBlocks, runsCovering } from "./block-spans.ts";
import type { Blocks, ByteRange } from "./block-spans.ts";
import { isHoldersFault, noHolder } from "./fetcher.ts";
import type { Fetcher, Peers } from "./peers.ts";
import { tellHolder } from "./tell-holder.ts";

/** Eight blocks: large enough to keep a connection busy, small enough to hold a few in memory. */
const blocksAtOnce = 8;
const runsAtOnce = 3;

export interface SpanRequest {
  readonly store: Pick<Store, "has" | "read">;
  readonly fetcher: Fetcher;
  readonly peers: Pick<Peers, "readRange" | "tellDamage">;
  readonly log: Logger;
  readonly scratch: Pick<Scratch, "link" | "openSparse">;
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
  const { store, scratch, source, name = "source" } = request;
  if (store.has(source.source.sha256)) return await scratch.link(source.source.sha256, name);
  const blocks = { sizeBytes: source.source.bytes, blockBytes: source.blockBytes };
  const blockList = await fetchBlockList(request, blocks);
  await using file = await scratch.openSparse(name, blocks.sizeBytes);
  await new SpanFetch({ request, blocks, blockList, file }).run();
  return file.path;
}

async function fetchBlockList(request: SpanRequest, blocks: Blocks): Promise<Buffer> {
  const { fetcher, source, holders, signal } = request;
  const blockList = await fetcher.fetchBytes(source.blockList, holders, signal);
  if (blockList.length === blockCount(blocks) * blockHashBytes) return blockList;
  throw new VsError("object_corrupt", `the block list ${source.blockList.sha256} does not fit its source`);
}

class SpanFetch {
  readonly #request: SpanRequest;
  readonly #blocks: Blocks;
  readonly #blockList: Buffer;
  readonly #file: SparseFile;
  /** Holders that failed once are not asked again for this file. */
  readonly #left = new Map<NodeId, VsError>();

  constructor(parts: { request: SpanRequest; blocks: Blocks; blockList: Buffer; file: SparseFile }) {
    this.#request = parts.request;
    this.#blocks = parts.blocks;
    this.#blockList = parts.blockList;
    this.#file = parts.file;
  }

  async run(): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#request.signal, failed.signal]);
    const queue = new PQueue({ concurrency: runsAtOnce });
    const runs = runsCovering(this.#request.ranges, this.#blocks, blocksAtOnce);
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
    const { start, end } = bytesOfBlocks(run, this.#blocks);
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
    const { blockBytes } = this.#blocks;
    for (let block = run.start; block < run.end; block += 1) {
      const offset = (block - run.start) * blockBytes;
      const found = createHash("sha256")
        .update(bytes.subarray(offset, offset + blockBytes))
        .digest();
      const wanted = this.#blockList.subarray(block * blockHashBytes, (block + 1) * blockHashBytes);
      if (!found.equals(wanted)) {
        throw new VsError("object_corrupt", `node ${holder} gave block ${block} of the source wrong`);
      }
    }
  }
}
