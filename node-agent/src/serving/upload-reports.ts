// What became of uploads, told to the control plane until it has heard: kept on disk, so that a restart tells it too.
import { z } from "zod";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError, asVsError, isErrorCode } from "@vstream/core/errors.ts";
import type { Failure } from "@vstream/core/errors.ts";
import { isId, sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Piece } from "@vstream/core/media.ts";
import type { Store } from "../store/store.ts";

export type UploadOutcome =
  { readonly kind: "source"; readonly piece: Piece } | { readonly kind: "failed"; readonly failure: Failure };

/** False: the control plane has no use for it. Rejects when it was not heard. */
export type ReportUpload = (
  report: { readonly assetId: AssetId; readonly outcome: UploadOutcome },
  signal: AbortSignal,
) => Promise<boolean>;

export interface UploadReportsDeps {
  readonly store: Pick<Store, "discard" | "getPiece" | "readDocument" | "writeDocument">;
  readonly reportUpload: ReportUpload;
  readonly clock: Clock;
  readonly log: Logger;
}

const documentName = "pending-uploads";
const firstBackoffMs = 1_000;
const longestBackoffMs = 30_000;

/** By asset; null: the source piece stands in the store. */
const pendingDocument = z.record(
  z.string().refine((text) => isId("asset", text)),
  z.object({ code: z.string().refine(isErrorCode), message: z.string(), hint: z.string() }).nullable(),
);

export class UploadReports implements AsyncDisposable {
  readonly #deps: UploadReportsDeps;
  readonly #pending: Map<AssetId, Failure | null>;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #writing: Promise<void> = Promise.resolve();

  private constructor(deps: UploadReportsDeps, pending: Map<AssetId, Failure | null>) {
    this.#deps = deps;
    this.#pending = pending;
  }

  /** Reads what an earlier run left untold, and tells it. */
  static async open(deps: UploadReportsDeps): Promise<UploadReports> {
    const left = pendingDocument.safeParse(await deps.store.readDocument(documentName));
    const entries = Object.entries(left.data ?? {}).map(([assetId, failure]): [AssetId, Failure | null] => [
      assetId as AssetId,
      failure === null ? null : { ...failure, code: failure.code },
    ]);
    const reports = new UploadReports(deps, new Map(entries));
    for (const [assetId] of entries) reports.tell(assetId);
    return reports;
  }

  /**
   * Remembers that an upload is about to be whole, or has failed. Durable when resolved; told by tell().
   * Comes before the piece is recorded, so that no crash between the two leaves a source that nobody hears of.
   */
  async remember(assetId: AssetId, failure: Failure | null): Promise<void> {
    this.#pending.set(assetId, failure);
    await this.#write();
  }

  /** Tells what is remembered of an asset, in the background. */
  tell(assetId: AssetId): void {
    const running = this.#tellUntilHeard(assetId).catch((err: unknown) => {
      this.#deps.log.warn({ err, assetId }, "upload not reported");
    });
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new VsError("cancelled", "the agent is stopping"));
    await Promise.all(this.#running);
    await this.#writing;
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  async #tellUntilHeard(assetId: AssetId): Promise<void> {
    const outcome = this.#outcomeOf(assetId);
    for (let waitMs = firstBackoffMs; outcome !== null; waitMs = Math.min(waitMs * 2, longestBackoffMs)) {
      if (this.#isClosing()) return;
      try {
        const accepted = await this.#deps.reportUpload({ assetId, outcome }, this.#closing.signal);
        this.#deps.log.info({ assetId, accepted, kind: outcome.kind }, "upload reported");
        if (!accepted && outcome.kind === "source") await this.#deps.store.discard(assetId, [sourcePieceId]);
        break;
      } catch (thrown) {
        if (this.#isClosing()) return;
        if (!asVsError(thrown).retryable) {
          this.#deps.log.error({ err: thrown, assetId }, "upload report refused");
          break;
        }
        await this.#deps.clock.sleep(waitMs, this.#closing.signal).catch(() => undefined);
      }
    }
    this.#pending.delete(assetId);
    await this.#write();
  }

  /** Null: the agent ended before the source was whole; the client goes on with it. */
  #outcomeOf(assetId: AssetId): UploadOutcome | null {
    const failure = this.#pending.get(assetId);
    if (failure !== undefined && failure !== null) return { kind: "failed", failure };
    const piece = this.#deps.store.getPiece(assetId, sourcePieceId);
    return piece === null ? null : { kind: "source", piece };
  }

  async #write(): Promise<void> {
    const write = async (): Promise<void> => {
      await this.#deps.store.writeDocument(documentName, Object.fromEntries(this.#pending));
    };
    // One after the other, whether or not the one before went well.
    this.#writing = this.#writing.then(write, write);
    await this.#writing;
  }
}
