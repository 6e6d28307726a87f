// The room that a source will need, taken before it comes: at once where its length is known, else a step ahead of it.
import { VsError } from "@vstream/core/errors.ts";
import type { Store } from "../store/store.ts";

const stepBytes = 16 * 1024 ** 2;

export class SourceSpace implements AsyncDisposable {
  readonly #store: Pick<Store, "reserve">;
  readonly #mostBytes: number;
  readonly #held: AsyncDisposable[] = [];
  #coveredBytes = 0;

  constructor(store: Pick<Store, "reserve">, mostBytes: number) {
    this.#store = store;
    this.#mostBytes = mostBytes;
  }

  /** For a source of that length, of which some stands here. @throws VsError source_too_large, storage_full */
  coverAll(totalBytes: number, standingBytes: number): void {
    this.#check(totalBytes);
    this.#take(totalBytes - this.#coveredBytes, standingBytes);
  }

  /** For a source of unknown length that has come so far. @throws VsError source_too_large, storage_full */
  cover(bytes: number, standingBytes: number): void {
    this.#check(bytes);
    if (bytes > this.#coveredBytes) this.#take(bytes - this.#coveredBytes + stepBytes, standingBytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const held of this.#held.splice(0)) await held[Symbol.asyncDispose]();
    this.#coveredBytes = 0;
  }

  #check(bytes: number): void {
    if (bytes <= this.#mostBytes) return;
    throw new VsError(
      "source_too_large",
      `the source has ${String(bytes)} bytes or more; this node may fetch ${String(this.#mostBytes)} at most`,
      { hint: "Raise maxSourceBytes of the control plane, or fetch.maxSourceBytes of the agent: the smaller counts" },
    );
  }

  #take(bytes: number, standingBytes: number): void {
    if (bytes <= 0) return;
    // What stands on the disk was counted with the first part of it.
    const counted = this.#coveredBytes === 0 ? Math.min(standingBytes, bytes) : 0;
    this.#held.push(this.#store.reserve(bytes, counted));
    this.#coveredBytes += bytes;
  }
}
