// Standard input as a source: written to a temporary file while it is hashed, because its size and its hash must be
// known before the first byte is sent, and what arrived may have to be sent again. The file has no name from the start,
// so that nothing of it stays, however this program ends.
import { createHash } from "node:crypto";
import { open, statfs, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { VsError } from "@vstream/core/errors.ts";
import { formatBytes } from "../formats.ts";
import type { Source } from "./source.ts";

/** What a control plane takes unless it is told otherwise. */
const mostSpooledBytes = 256 * 1024 ** 3;
/** Left free for everything else that needs the temporary folder. */
const spareBytes = 64 * 1024 ** 2;
const checkEveryBytes = 16 * 1024 ** 2;
const roomHint = "Set TMPDIR to a folder with more room, or save it to a file and ingest that";

export interface SpoolOptions {
  readonly signal: AbortSignal;
  /** How many bytes have come. */
  readonly onBytes: (bytes: number) => void;
  readonly folder?: string;
  readonly mostBytes?: number;
}

export type Input = Readable & { readonly isTTY?: boolean };

/**
 * All that comes until the input ends.
 * @throws VsError usage for a terminal, source_empty, source_too_large, storage_full when the temporary folder has no
 *   room for it, source_unreadable
 */
export async function spoolInput(input: Input, options: SpoolOptions): Promise<Source> {
  if (input.isTTY === true) {
    throw new VsError("usage", "standard input is a terminal: nothing comes from it", {
      hint: "Pipe a video into it: vsctl ingest - < FILE",
    });
  }
  const folder = options.folder ?? tmpdir();
  const handle = await openNameless(folder);
  try {
    const { bytes, sha256 } = await copyInto(handle, input, { ...options, folder });
    if (bytes > 0) return new SpooledInput(handle, { bytes, sha256 });
    throw new VsError("source_empty", "nothing came from standard input", { hint: "Check what is piped into it" });
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

class SpooledInput implements Source {
  readonly path = "standard input";
  readonly name = "stdin";
  readonly bytes: number;
  readonly #handle: FileHandle;
  readonly #sha256: string;

  constructor(handle: FileHandle, { bytes, sha256 }: { bytes: number; sha256: string }) {
    this.bytes = bytes;
    this.#handle = handle;
    this.#sha256 = sha256;
  }

  hash(): Promise<string> {
    return Promise.resolve(this.#sha256);
  }

  async read(start: number, end: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(Math.min(end, this.bytes) - start);
    for (let at = 0; at < bytes.length;) {
      const { bytesRead } = await this.#handle.read(bytes, at, bytes.length - at, start + at);
      if (bytesRead === 0) throw new VsError("source_unreadable", "the copy of standard input became shorter");
      at += bytesRead;
    }
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

async function openNameless(folder: string): Promise<FileHandle> {
  const path = join(folder, `vsctl-stdin-${process.pid}-${performance.now()}`);
  try {
    const handle = await open(path, "wx+", 0o600);
    await unlink(path);
    return handle;
  } catch (cause) {
    throw spoolFailure(folder, cause);
  }
}

async function copyInto(
  handle: FileHandle,
  input: Input,
  { folder, signal, onBytes, mostBytes = mostSpooledBytes }: SpoolOptions & { readonly folder: string },
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  let roomUntil = 0;
  for await (const part of untilAborted(input, signal)) {
    if (bytes + part.length > mostBytes) throw tooLarge(mostBytes);
    if (bytes + part.length > roomUntil) roomUntil = await requireRoom(folder, bytes);
    hash.update(part);
    for (let at = 0; at < part.length;) at += await write(handle, part.subarray(at), folder);
    bytes += part.length;
    onBytes(bytes);
  }
  return { bytes, sha256: hash.digest("hex") };
}

// A pipe that nothing comes from would keep an iteration for ever.
async function* untilAborted(input: Input, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = (): void => {
    input.destroy();
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    signal.throwIfAborted();
    yield* input as AsyncIterable<Buffer>;
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof VsError) throw cause;
    throw new VsError("source_unreadable", `cannot read standard input: ${reasonOf(cause)}`, { cause });
  } finally {
    signal.removeEventListener("abort", stop);
  }
  signal.throwIfAborted();
}

/** Until how many bytes there is certainly room. @throws VsError storage_full */
async function requireRoom(folder: string, bytes: number): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= checkEveryBytes + spareBytes) return bytes + checkEveryBytes;
  throw new VsError("storage_full", `no room for standard input in ${folder} after ${formatBytes(bytes)}`, {
    hint: roomHint,
  });
}

async function write(handle: FileHandle, part: Buffer, folder: string): Promise<number> {
  try {
    return (await handle.write(part)).bytesWritten;
  } catch (cause) {
    throw spoolFailure(folder, cause);
  }
}

function spoolFailure(folder: string, cause: unknown): VsError {
  const isFull = cause instanceof Error && "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT");
  if (isFull) return new VsError("storage_full", `no room for standard input in ${folder}`, { hint: roomHint, cause });
  return new VsError("source_unreadable", `standard input cannot be kept in ${folder}: ${reasonOf(cause)}`, {
    hint: "Set TMPDIR to a folder that can be written to",
    cause,
  });
}

function tooLarge(mostBytes: number): VsError {
  return new VsError("source_too_large", `more than ${formatBytes(mostBytes)} come from standard input`, {
    hint: "Save it to a file and ingest that",
  });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
