// The files that ffmpeg reads and writes: a task's source, and what its scratch folder holds until the store adopts it.
// The only file of this folder that touches the disk; nothing here is kept, synced or named by its content.
import { open, readFile, rm, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

/** A file that is read here and there, and may be growing. */
export class ReadableFile implements AsyncDisposable {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<ReadableFile> {
    return new ReadableFile(await open(path, "r"));
  }

  async sizeBytes(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  /** As many of the bytes as are there. */
  async read(position: number, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

/** Makes a file of these parts, one after the other; none: an empty file. */
export async function writeParts(path: string, parts: readonly Uint8Array[]): Promise<void> {
  await writeFile(path, parts);
}

export async function readText(path: string): Promise<string> {
  return await readFile(path, "utf8");
}

export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}
