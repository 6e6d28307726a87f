// The life of an upload on this node: its space is reserved, its bytes come in by tus, and when they are all there
// and have the promised hash they become the asset's source piece. What nobody finishes goes after a day.
import type { Readable } from "node:stream";
import { MemoryLocker } from "@tus/server";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Clock } from "@vstream/core/clock.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Piece } from "@vstream/core/media.ts";
import type { Store } from "../store/store.ts";
import { UploadFiles, uploadFailure } from "./upload-files.ts";
import type { StoredUpload } from "./upload-files.ts";
import type { UploadReports } from "./upload-reports.ts";
import type { Ticket } from "./source-ticket.ts";

export const unfinishedUploadMs = 24 * 3_600_000;
const sweepEveryMs = 3_600_000;

export interface UploadsDeps {
  readonly nodeId: NodeId;
  readonly store: Pick<Store, "adoptSource" | "getPiece" | "has" | "recordPiece" | "reserve" | "uploadFolder">;
  readonly reports: UploadReports;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Uploads implements AsyncDisposable {
  readonly files: UploadFiles;
  /** One writes to an upload at a time. */
  readonly locker = new MemoryLocker();
  readonly #takenIn = new Set<AssetId>();
  readonly #deps: UploadsDeps;
  readonly #reservations = new Map<AssetId, AsyncDisposable>();
  readonly #finishing = new Map<AssetId, Promise<void>>();
  readonly #closing = new AbortController();
  #sweeping: Promise<void> = Promise.resolve();

  private constructor(deps: UploadsDeps) {
    this.#deps = deps;
    this.files = new UploadFiles(deps.store.uploadFolder);
  }

  /** Goes on with what an earlier run left. */
  static async open(deps: UploadsDeps): Promise<Uploads> {
    const uploads = new Uploads(deps);
    await uploads.#recover();
    uploads.#sweeping = uploads.#keepSweeping();
    return uploads;
  }

  isFinished(assetId: AssetId): boolean {
    return this.#deps.store.getPiece(assetId, sourcePieceId) !== null;
  }

  /**
   * @param standingBytes of these, how many stand here already
   * @throws VsError storage_full
   */
  reserve(ticket: Ticket, standingBytes = 0): void {
    if (this.#reservations.has(ticket.assetId)) return;
    this.#reservations.set(ticket.assetId, this.#deps.store.reserve(ticket.bytes, standingBytes));
  }

  /**
   * Whether a source would fit, before an asset is made for it. What has begun to come, or is here, has its room.
   * @throws VsError storage_full
   */
  async requireRoom({ bytes, sha256 }: Omit<Ticket, "assetId">): Promise<void> {
    if (this.#deps.store.has(sha256)) return;
    const begun = await this.files.list();
    if (begun.some((upload) => upload.sha256 === sha256 && upload.bytes === bytes)) return;
    await this.#deps.store.reserve(bytes)[Symbol.asyncDispose]();
  }

  /** Whether its source comes from this machine, so that nobody may send it meanwhile. */
  isTakenIn(assetId: AssetId): boolean {
    return this.#takenIn.has(assetId);
  }

  /**
   * Makes the source piece of an upload whose bytes are all here. Safe to repeat; one flight per asset.
   * @throws VsError source_changed when the bytes are not the promised ones (all is deleted then), storage_full
   */
  async finish(assetId: AssetId): Promise<void> {
    const running = this.#finishing.get(assetId);
    if (running !== undefined) {
      await running;
      return;
    }
    const flight = this.#finishOnce(assetId).finally(() => this.#finishing.delete(assetId));
    this.#finishing.set(assetId, flight);
    await flight;
  }

  /**
   * Makes the source piece of what `open` gives, from a byte on, of a source that lies elsewhere on this machine. What an
   * earlier try left is gone on with.
   * @throws VsError storage_full; source_changed when it is not what was promised: then the asset fails, as it does for
   *   an upload; unavailable while somebody sends it who does not make way
   */
  async takeIn(source: Ticket, open: (fromByte: number) => Promise<Readable>): Promise<void> {
    const { assetId } = source;
    const lock = this.locker.newLock(assetId);
    try {
      this.#takenIn.add(assetId);
      await lock
        .lock(this.#closing.signal, () => undefined)
        .catch((cause: unknown) => {
          throw new VsError("unavailable", `the source of asset ${assetId} is being sent to this node`, { cause });
        });
      try {
        await this.#takeInAlone(source, open);
      } finally {
        await lock.unlock();
      }
    } finally {
      this.#takenIn.delete(assetId);
    }
  }

  async remove(assetId: AssetId): Promise<void> {
    await this.files.forget(assetId);
    await this.#release(assetId);
  }

  async unfinished(): Promise<AssetId[]> {
    const ids = (await this.files.list()).map((upload) => upload.assetId);
    return ids.filter((assetId) => !this.#finishing.has(assetId));
  }

  /** Removes uploads that nobody will go on with; those that are being finished say for themselves what becomes of them. */
  async forget(assetIds: readonly AssetId[]): Promise<void> {
    for (const assetId of assetIds) {
      if (this.#finishing.has(assetId)) continue;
      await this.remove(assetId);
      this.#deps.log.info({ assetId }, "unwanted upload removed");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new VsError("cancelled", "the agent is stopping"));
    await Promise.allSettled([this.#sweeping, ...this.#finishing.values()]);
    for (const assetId of [...this.#reservations.keys()]) await this.#release(assetId);
  }

  async #takeInAlone(source: Ticket, open: (fromByte: number) => Promise<Readable>): Promise<void> {
    const { assetId, bytes } = source;
    if (this.isFinished(assetId)) return;
    const offset = await this.#beginOrGoOn(source);
    try {
      const end = offset < bytes ? await this.files.write(await open(offset), assetId, offset) : offset;
      if (end !== bytes) throw new VsError("source_changed", "the file became shorter while it was taken in");
    } catch (thrown) {
      const error = uploadFailure(thrown);
      if (error.code === "source_changed") await this.#fail(assetId, error);
      if (error.code === "storage_full") await this.remove(assetId);
      throw error;
    }
    await this.finish(assetId);
  }

  async #finishOnce(assetId: AssetId): Promise<void> {
    if (this.isFinished(assetId)) return;
    const upload = await this.files.find(assetId);
    if (upload === null || upload.offset !== upload.bytes) {
      throw new VsError("upload_failed", `the upload of asset ${assetId} is not whole`);
    }
    await this.#adopt(upload);
    await this.remove(assetId);
    this.#deps.reports.tell(assetId);
  }

  async #adopt(upload: StoredUpload): Promise<void> {
    const { store, reports } = this.#deps;
    try {
      const source = await store.adoptSource(upload.path, upload.sha256);
      const content = { kind: "source", ...source } as const;
      const piece: Piece = { id: sourcePieceId, content, toolchain: "", madeBy: this.#deps.nodeId };
      await reports.remember(upload.assetId, null);
      await store.recordPiece(upload.assetId, piece);
    } catch (thrown) {
      const error = asVsError(thrown);
      if (error.code !== "object_corrupt") throw error;
      const changed = new VsError("source_changed", "the bytes that arrived are not the ones that were announced", {
        hint: "The file changed while it was sent; leave it alone and ingest it again",
        cause: error,
      });
      await this.#fail(upload.assetId, changed);
      throw changed;
    }
  }

  async #fail(assetId: AssetId, error: VsError): Promise<void> {
    const { reports } = this.#deps;
    await this.remove(assetId);
    await reports.remember(assetId, error.toFailure());
    reports.tell(assetId);
  }

  /** The first byte that is lacking. */
  async #beginOrGoOn(source: Ticket): Promise<number> {
    const found = await this.files.find(source.assetId);
    const isSame = found?.bytes === source.bytes && found.sha256 === source.sha256;
    if (found !== null && !isSame) await this.remove(source.assetId);
    const offset = found !== null && isSame ? found.offset : null;
    // One that is whole is being made a piece: that takes room by itself.
    if (offset !== source.bytes) this.reserve(source, offset ?? 0);
    if (offset !== null) return offset;
    await this.files.begin(source);
    return 0;
  }

  async #recover(): Promise<void> {
    await this.files.removeStrays();
    for (const upload of await this.files.list()) {
      if (upload.offset === upload.bytes) this.#finishLater(upload.assetId);
      else this.#reserveAgain(upload);
    }
  }

  #finishLater(assetId: AssetId): void {
    this.finish(assetId).catch((err: unknown) => {
      this.#deps.log.warn({ err, assetId }, "finishing an upload failed");
    });
  }

  #reserveAgain(upload: StoredUpload): void {
    try {
      this.reserve(upload, upload.offset);
    } catch (err) {
      // It may still fit; if not, writing tells.
      this.#deps.log.warn({ err, assetId: upload.assetId }, "no room left for an unfinished upload");
    }
  }

  async #keepSweeping(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#sweep().catch((err: unknown) => {
        this.#deps.log.warn({ err }, "sweeping uploads failed");
      });
      await this.#deps.clock.sleep(sweepEveryMs, signal).catch(() => undefined);
    }
  }

  async #sweep(): Promise<void> {
    const limit = this.#deps.clock.now() - unfinishedUploadMs;
    for (const upload of await this.files.list()) {
      if (upload.createdAt >= limit || this.#finishing.has(upload.assetId)) continue;
      await this.remove(upload.assetId);
      this.#deps.log.info({ assetId: upload.assetId }, "unfinished upload removed");
    }
  }

  async #release(assetId: AssetId): Promise<void> {
    await this.#reservations.get(assetId)?.[Symbol.asyncDispose]();
    this.#reservations.delete(assetId);
  }
}
