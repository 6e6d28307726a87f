// Receives an object as a stream into the staging folder, hashing as it writes. What an interrupted stream left is
// kept and continued; what turns out to be wrong is removed.
import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { open as openFile, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { VsError } from "@vstream/core/errors.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { diskFailure } from "./disk-failure.ts";
import { readSpan } from "./durable-file.ts";
import { blockBytes } from "./hash-file.ts";
import { syncOrRemove } from "./seal-file.ts";

export type OpenStream = (fromByte: number) => Promise<AsyncIterable<Uint8Array>>;

export interface Reception {
  readonly expected: ObjectRef;
  /** The file to write, or to go on with. */
  readonly path: string;
  readonly open: OpenStream;
  readonly signal: AbortSignal;
}

interface Progress {
  readonly handle: FileHandle;
  readonly hash: Hash;
  bytes: number;
}

/**
 * The file holds exactly the expected bytes and is durable when resolved.
 * @throws VsError object_corrupt, storage_full, disk_failed (the file is gone then), or what the stream threw
 */
export async function receiveObject(reception: Reception): Promise<void> {
  // A wrong beginning may be an earlier stream's fault: this one then gets a chance of its own.
  const isRight = (await receiveOnce(reception, true)) || (await receiveOnce(reception, false));
  if (isRight) return;
  throw corrupt(reception.expected, "the bytes have another hash");
}

// False: the hash is wrong, and what was there before may be why.
async function receiveOnce(reception: Reception, resume: boolean): Promise<boolean> {
  const { expected, path } = reception;
  await using handle = await openPartial(path);
  const progress = { handle, hash: createHash("sha256"), bytes: 0 };
  const resumedBytes = resume ? await readKept(progress, expected.bytes) : 0;
  if (resumedBytes === 0) await handle.truncate(0);
  if (progress.bytes < expected.bytes || expected.bytes === 0) await append(reception, progress);
  if (progress.hash.digest("hex") === expected.sha256) {
    await syncOrRemove(handle, path);
    return true;
  }
  await rm(path, { force: true });
  if (resumedBytes > 0) return false;
  throw corrupt(expected, "the bytes have another hash");
}

async function openPartial(path: string): Promise<FileHandle> {
  try {
    return await openFile(path, "a+", 0o644);
  } catch (thrown) {
    throw diskFailure(thrown, "stage an object");
  }
}

// Takes what an earlier stream left into the hash; gives how much that is.
async function readKept(progress: Progress, expectedBytes: number): Promise<number> {
  const { size } = await progress.handle.stat();
  if (size > expectedBytes) return 0;
  while (progress.bytes < size) {
    const part = await readSpan(progress.handle, progress.bytes, Math.min(size, progress.bytes + blockBytes));
    if (part.length === 0) break;
    progress.hash.update(part);
    progress.bytes += part.length;
  }
  return progress.bytes;
}

async function append(reception: Reception, progress: Progress): Promise<void> {
  const { expected, path, signal } = reception;
  signal.throwIfAborted();
  const stream = await reception.open(progress.bytes);
  for await (const { parts, bytes } of gathered(stream)) {
    signal.throwIfAborted();
    if (progress.bytes + bytes > expected.bytes) {
      await rm(path, { force: true });
      throw corrupt(expected, "there are more bytes");
    }
    for (const part of parts) progress.hash.update(part);
    await write(progress.handle, parts, bytes, path);
    progress.bytes += bytes;
  }
  if (progress.bytes === expected.bytes) return;
  await rm(path, { force: true });
  throw corrupt(expected, `the bytes end after ${progress.bytes}`);
}

async function write(handle: FileHandle, parts: Uint8Array[], bytes: number, path: string): Promise<void> {
  try {
    const { bytesWritten } = await handle.writev(parts);
    if (bytesWritten < bytes) await handle.appendFile(Buffer.concat(parts).subarray(bytesWritten));
  } catch (thrown) {
    await rm(path, { force: true });
    throw diskFailure(thrown, "stage an object");
  }
}

// A socket gives some 16 KiB at a time; the disk is asked once a MiB.
async function* gathered(stream: AsyncIterable<Uint8Array>): AsyncGenerator<{ parts: Uint8Array[]; bytes: number }> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of stream) {
    parts.push(part);
    bytes += part.length;
    if (bytes < blockBytes) continue;
    yield { parts, bytes };
    parts = [];
    bytes = 0;
  }
  if (bytes > 0) yield { parts, bytes };
}

function corrupt(expected: ObjectRef, how: string): VsError {
  return new VsError("object_corrupt", `object ${expected.sha256} of ${expected.bytes} bytes came wrong: ${how}`);
}
