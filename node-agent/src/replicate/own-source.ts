// This node's own copy of a source for one task: the stored file itself, once the blocks that the task will read were
// held against the source's block list.
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { Sha256 } from "@vstream/core/ids.ts";
import { asVsError } from "@vstream/core/errors.ts";
import { diskFailure, isFilesFault } from "../store/disk-failure.ts";
import { fillFrom } from "../store/durable-file.ts";
import type { Scratch, Store } from "../store/store.ts";
import { BlockList } from "./block-list.ts";
import type { BlockListRequest } from "./block-list.ts";
import { bytesOfBlocks, runsCovering } from "./block-spans.ts";
import type { ByteRange } from "./block-spans.ts";
import type { VerifiedBlocks } from "./verified-blocks.ts";

export interface OwnSourceRequest extends BlockListRequest {
  readonly store: Pick<Store, "pathOf">;
  readonly scratch: Pick<Scratch, "link">;
  /** Bytes [start, end) that the task will read; parts past the source's end do not matter. */
  readonly ranges: readonly ByteRange[];
  /** The file's name in the scratch folder. */
  readonly name: string;
  readonly verified: VerifiedBlocks;
  /** This node's own file is wrong. Not waited for. */
  readonly onDamage: (sha256: Sha256) => void;
}

/**
 * Path of the file in the scratch folder; null: this node does not hold the source, or holds it wrong.
 * @throws VsError disk_failed when it may be right; as BlockList.fetch; the signal's reason
 */
export async function linkOwnSource(request: OwnSourceRequest): Promise<string | null> {
  const { store, scratch, source, name, onDamage } = request;
  const { sha256 } = source.source;
  const path = store.pathOf(sha256);
  if (path === null) return null;
  if (!(await isRight(request, path))) {
    // One that was let go of meanwhile left its shelf before its file went.
    if (store.pathOf(sha256) === path) onDamage(sha256);
    return null;
  }
  try {
    return await scratch.link(sha256, name);
  } catch (thrown) {
    if (asVsError(thrown).code === "object_missing") return null;
    throw thrown;
  }
}

async function isRight(request: OwnSourceRequest, path: string): Promise<boolean> {
  const { source, signal } = request;
  const list = await BlockList.fetch(request);
  try {
    await using handle = await open(path, "r");
    const file = await handle.stat({ bigint: true });
    if (file.size !== BigInt(source.source.bytes)) return false;
    return await areBlocksRight(request, list, { handle, right: request.verified.of(file, source, list) });
  } catch (thrown) {
    signal.throwIfAborted();
    if (isFilesFault(thrown)) return false;
    throw diskFailure(thrown, `read source ${source.source.sha256}`);
  }
}

async function areBlocksRight(
  { ranges, signal }: OwnSourceRequest,
  list: BlockList,
  { handle, right }: { handle: FileHandle; right: ReturnType<VerifiedBlocks["of"]> },
): Promise<boolean> {
  const { blocks } = list;
  const buffer = Buffer.allocUnsafe(Math.min(blocks.blockBytes, Math.max(1, blocks.sizeBytes)));
  for (const { start: block } of runsCovering(ranges, blocks, 1)) {
    if (right.has(block)) continue;
    signal.throwIfAborted();
    const { start, end } = bytesOfBlocks({ start: block, end: block + 1 }, blocks);
    if (!list.isRight(block, await fillFrom(handle, buffer.subarray(0, end - start), start))) return false;
    right.add(block);
  }
  return true;
}
