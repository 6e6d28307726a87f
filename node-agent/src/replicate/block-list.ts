// The hashes of a source's blocks, against which any part of it can be checked by itself.
import { createHash } from "node:crypto";
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { SourceRef } from "@vstream/core/media.ts";
import { blockHashBytes } from "../store/hash-file.ts";
import { blockCount } from "./block-spans.ts";
import type { Blocks } from "./block-spans.ts";
import type { Fetcher } from "./peers.ts";

export interface BlockListRequest {
  readonly fetcher: Fetcher;
  readonly source: SourceRef;
  /** Nodes that hold the source, best first. */
  readonly holders: readonly NodeId[];
  readonly signal: AbortSignal;
}

export class BlockList {
  readonly blocks: Blocks;
  readonly #hashes: Buffer;

  private constructor(blocks: Blocks, hashes: Buffer) {
    this.blocks = blocks;
    this.#hashes = hashes;
  }

  /** From this node's store, else from a holder. @throws VsError as Fetcher.fetchBytes; object_corrupt: of another source */
  static async fetch({ fetcher, source, holders, signal }: BlockListRequest): Promise<BlockList> {
    return BlockList.of(source, await fetcher.fetchBytes(source.blockList, holders, signal));
  }

  /** @param hashes the source's block list @throws VsError object_corrupt: of another source */
  static of(source: SourceRef, hashes: Buffer): BlockList {
    const blocks = { sizeBytes: source.source.bytes, blockBytes: source.blockBytes };
    if (hashes.length === blockCount(blocks) * blockHashBytes) return new BlockList(blocks, hashes);
    throw new VsError("object_corrupt", `the block list ${source.blockList.sha256} does not fit its source`);
  }

  isRight(block: number, bytes: Uint8Array): boolean {
    const wanted = this.#hashes.subarray(block * blockHashBytes, (block + 1) * blockHashBytes);
    return createHash("sha256").update(bytes).digest().equals(wanted);
  }
}
