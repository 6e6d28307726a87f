// An object on its way from a peer: one writer, and any number of readers that follow it, each as fast as it likes.
// Until the hash of the whole has matched, a reader gets all but the last stretch of what it asked for: so nobody ever
// has a whole of wrong bytes.
import { createHash } from "node:crypto";
import { VsError } from "@vstream/core/errors.ts";
import type { ObjectRef } from "@vstream/core/media.ts";

/** Held back from each reader until the hash has matched. What is smaller leaves only then. */
export const heldBackBytes = 64 * 1024;
/** Given to a reader at a time. */
const partBytes = 256 * 1024;

export class GrowingObject {
  readonly object: ObjectRef;
  #bytes = Buffer.alloc(0);
  #hash = createHash("sha256");
  #receivedBytes = 0;
  #isRight = false;
  #isTaken = false;
  #failure: VsError | null = null;
  #waiting: (() => void)[] = [];

  constructor(object: ObjectRef) {
    this.object = object;
  }

  get sizeBytes(): number {
    return this.object.bytes;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** A reader has been given bytes: they cannot be taken back. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** The bytes, once their hash has matched; null before, and when it never will. */
  get verified(): Buffer | null {
    return this.#isRight ? this.#bytes : null;
  }

  get isVerified(): boolean {
    return this.#isRight;
  }

  /** @throws VsError object_corrupt when there are more bytes than the object has */
  append(part: Uint8Array): void {
    if (this.#receivedBytes + part.length > this.sizeBytes) {
      throw new VsError("object_corrupt", `object ${this.object.sha256} came with more bytes than it has`);
    }
    // Memory of its own that the system gives as it is written to; what waits for its turn has none.
    if (this.#bytes.length === 0) this.#bytes = Buffer.allocUnsafeSlow(this.sizeBytes);
    this.#bytes.set(part, this.#receivedBytes);
    this.#hash.update(part);
    this.#receivedBytes += part.length;
    this.#wake();
  }

  /** When all bytes are here: lets readers have the rest if they are right, and says whether they are. */
  settle(): boolean {
    this.#isRight = this.#hash.digest("hex") === this.object.sha256;
    if (this.#isRight) this.#wake();
    return this.#isRight;
  }

  /** Forgets what was received. Only while nothing is taken. */
  restart(): void {
    this.#hash = createHash("sha256");
    this.#receivedBytes = 0;
  }

  /** Nothing more will come: every reader, now and later, is told so. */
  fail(failure: VsError): void {
    this.#failure = failure;
    this.#wake();
  }

  /** Bytes [start, end) as they come; views of memory that no longer changes. @throws VsError as `fail` was told */
  async *read(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end;) {
      const upTo = Math.min(await this.#readable(at, end), at + partBytes);
      yield this.#bytes.subarray(at, upTo);
      at = upTo;
    }
  }

  async #readable(at: number, end: number): Promise<number> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      const upTo = this.#isRight ? end : Math.min(this.#receivedBytes, end - heldBackBytes);
      if (upTo > at) {
        this.#isTaken = true;
        return upTo;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    const woken = this.#waiting;
    this.#waiting = [];
    for (const resolve of woken) resolve();
  }
}
