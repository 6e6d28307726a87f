// Reads a file once, from its start to its end, and says what it is: its hash, and the hashes of its blocks.
import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { fillFrom } from "./durable-file.ts";

/** A span of a source is checked in blocks of this size. */
export const blockBytes = 1024 * 1024;

/** How many bytes of a block list stand for one block. */
export const blockHashBytes = 32;

export interface HashedBlocks {
  readonly file: ObjectRef;
  /** The SHA-256 of each block in order, 32 bytes each; the last block may be shorter. */
  readonly blockList: Buffer;
}

export async function hashFile(handle: FileHandle): Promise<ObjectRef> {
  return await hashParts(handle, () => undefined);
}

/**
 * hashFile that is told how many bytes each read gave, a block at most; what `onPart` waits for holds up the next
 * read, and what it throws ends the reading.
 */
export async function hashFileInParts(
  handle: FileHandle,
  onPart: (bytes: number) => Promise<void>,
): Promise<ObjectRef> {
  return await hashParts(handle, (part) => onPart(part.length));
}

/** The file's hash and its block list, in one read. */
export async function hashBlocks(handle: FileHandle): Promise<HashedBlocks> {
  const hashes: Buffer[] = [];
  const file = await hashParts(handle, (block) => {
    hashes.push(createHash("sha256").update(block).digest());
    return undefined;
  });
  return { file, blockList: Buffer.concat(hashes) };
}

export function hashOf(bytes: Uint8Array): Sha256 {
  return createHash("sha256").update(bytes).digest("hex") as Sha256;
}

async function hashParts(handle: FileHandle, seen: (part: Buffer) => Promise<void> | undefined): Promise<ObjectRef> {
  const hash = createHash("sha256");
  // One buffer, no larger than the file: most are far below a block, and memory outside the heap wakes the collector.
  const buffer = Buffer.allocUnsafe(Math.min(blockBytes, Math.max(1, (await handle.stat()).size)));
  let bytes = 0;
  for (;;) {
    const part = await fillFrom(handle, buffer, bytes);
    if (part.length === 0) break;
    hash.update(part);
    await seen(part);
    bytes += part.length;
  }
  return { sha256: hash.digest("hex") as Sha256, bytes };
}
