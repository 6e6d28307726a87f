// Which blocks of this node's own sources were found right since the process started, so that the tasks of a source do
// not hash it again and again. A file that was changed or replaced is another one. What is forgotten is checked again.
import { LRUCache } from "lru-cache";
import type { SourceRef } from "@vstream/core/media.ts";
import type { BlockList } from "./block-list.ts";
import { blockCount } from "./block-spans.ts";

/** A byte for each block: 4 TiB of sources in blocks of 1 MiB. */
const keptBlocks = 4 * 1024 ** 2;

/** What tells a file from another, as stat gives it. */
interface FileMark {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

/** By block. */
export interface RightBlocks {
  has(block: number): boolean;
  add(block: number): void;
}

export class VerifiedBlocks {
  readonly #files = new LRUCache<string, Uint8Array>({
    maxSize: keptBlocks,
    sizeCalculation: (blocks) => blocks.length,
  });

  /** Of the file that stat says, as the source. */
  of(file: FileMark, { blockList }: SourceRef, { blocks }: BlockList): RightBlocks {
    const name = [file.dev, file.ino, file.size, file.mtimeNs, blockList.sha256].join(":");
    const right = this.#files.get(name) ?? new Uint8Array(Math.max(1, blockCount(blocks)));
    this.#files.set(name, right);
    return {
      has: (block) => right[block] === 1,
      add: (block) => {
        right[block] = 1;
      },
    };
  }
}
