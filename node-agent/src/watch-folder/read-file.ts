// Reads a file of a watched folder, and notices when it is not the one that was found any more. Never through a link.
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";
import { VsError } from "@vstream/core/errors.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import { describeStats, isSame } from "./found-files.ts";
import type { FoundFile } from "./found-files.ts";

const readBytes = 1024 * 1024;

/** @throws VsError source_changed, source_unreadable; the signal's reason */
export async function hashOfFile(file: FoundFile, signal: AbortSignal): Promise<Sha256> {
  await using handle = await openFound(file);
  const hash = createHash("sha256");
  const block = Buffer.allocUnsafe(readBytes);
  for (let at = 0; at < file.bytes;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(block, 0, readBytes, at).catch((cause: unknown) => {
      throw unreadable(file, cause);
    });
    if (bytesRead === 0) throw changed(file);
    hash.update(block.subarray(0, bytesRead));
    at += bytesRead;
  }
  await requireSame(handle, file);
  return hash.digest("hex") as Sha256;
}

/**
 * What the file has from a byte on, up to the size that it had. Destroyed by the signal.
 * @throws VsError source_changed, source_unreadable
 */
export async function streamFile(file: FoundFile, fromByte: number, signal: AbortSignal): Promise<Readable> {
  const handle = await openFound(file);
  const stream = handle.createReadStream({ start: fromByte, end: file.bytes - 1, highWaterMark: readBytes });
  const stop = (): void => {
    stream.destroy(signal.reason instanceof Error ? signal.reason : undefined);
  };
  signal.addEventListener("abort", stop, { once: true });
  stream.once("close", () => {
    signal.removeEventListener("abort", stop);
  });
  return stream;
}

async function openFound(file: FoundFile): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(file.path, flags).catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  try {
    await requireSame(handle, file);
    return handle;
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

async function requireSame(handle: FileHandle, file: FoundFile): Promise<void> {
  if (!isSame(file, describeStats(await handle.stat(), file))) throw changed(file);
}

function changed({ path }: FoundFile): VsError {
  return new VsError("source_changed", `${path} changed while it was read`);
}

function unreadable(file: FoundFile, cause: unknown): VsError {
  if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return changed(file);
  const why = cause instanceof Error ? cause.message : String(cause);
  return new VsError("source_unreadable", `${file.path} cannot be read: ${why}`, {
    hint: "Let the user that runs the agent read it",
    cause,
  });
}
