// Takes one file of a watched folder into the cluster. The file stays where it is until the control plane says that its
// bytes are there: whenever this is cut off, doing it all again ends the same way, and makes nothing twice.
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId, Sha256 } from "@vstream/core/ids.ts";
import type { OfferedAsset, SourceOffer } from "../rpc/control-messages.ts";
import type { Store } from "../store/store.ts";
import { describeFile, isSame } from "./found-files.ts";
import type { FoundFile } from "./found-files.ts";
import { markRefused, markTaken } from "./mark-file.ts";
import { hashOfFile, streamFile } from "./read-file.ts";
import type { WatchedFolder } from "./watch-config.ts";

/** How long the control plane may take to count the source as there; afterwards a later look asks again. */
const reportedWithinMs = 60_000;
const askEveryMs = 500;
/** How long it may take to look into it, while its file waits; what is found later is told by its asset only. */
const judgedWithinMs = 15_000;
/** While the bytes are taken in: whether the asset is still to have them. */
const askWhileTakenInMs = 5_000;

export interface TakingDeps {
  readonly store: Pick<Store, "usage">;
  readonly offerSource: (offer: SourceOffer, signal: AbortSignal) => Promise<OfferedAsset>;
  /** Throws VsError storage_full when a source of which nothing is here would not fit now. */
  readonly requireRoom: (source: SourceBytes) => Promise<void>;
  /** Makes the asset's source piece of what `open` gives, from a byte on, and has it reported. */
  readonly takeIn: (
    source: SourceBytes & { readonly assetId: AssetId },
    open: (fromByte: number) => Promise<Readable>,
  ) => Promise<void>;
  /** Removes what has come of sources that are not wanted any more. */
  readonly forgetUploads: (assetIds: readonly AssetId[]) => Promise<void>;
  readonly clock: Clock;
}

interface SourceBytes {
  readonly bytes: number;
  readonly sha256: Sha256;
}

export type Taken =
  | { readonly kind: "taken" | "duplicate"; readonly assetId: AssetId; readonly path: string }
  | { readonly kind: "refused"; readonly error: VsError; readonly path: string };

interface KnownFile {
  readonly file: FoundFile;
  readonly sha256: Sha256;
  /** That was made for it; null: none yet. */
  assetId: AssetId | null;
}

/** It would end the same way each time. */
class RefusedFile extends VsError {}

export class FileTaker {
  readonly #deps: TakingDeps;
  /** By path: what was read, and made, need not be again when only the rest is to be tried again. */
  readonly #known = new Map<string, KnownFile>();

  constructor(deps: TakingDeps) {
    this.#deps = deps;
  }

  /** @throws VsError why it cannot be taken now; a later try may go well. The signal's reason */
  async take(file: FoundFile, folder: WatchedFolder, signal: AbortSignal): Promise<Taken> {
    try {
      const { assetId, kind } = await this.#bringToCluster(file, folder, signal);
      await requireUnchanged(file);
      return { kind, assetId, path: await markTaken(file) };
    } catch (thrown) {
      if (!(thrown instanceof VsError) || !isRefusal(thrown)) throw thrown;
      await requireUnchanged(file);
      await this.#forget(file);
      return { kind: "refused", error: thrown, path: await markRefused(file, thrown.toFailure()) };
    }
  }

  /** What is remembered of the files of a folder that are not there any more. */
  forgetExcept(folder: string, here: ReadonlySet<string>): void {
    for (const path of this.#known.keys()) if (dirname(path) === folder && !here.has(path)) this.#known.delete(path);
  }

  /** Whoever puts it back wants it to be tried anew. */
  async #forget({ path }: FoundFile): Promise<void> {
    const assetId = this.#known.get(path)?.assetId ?? null;
    this.#known.delete(path);
    if (assetId !== null) await this.#deps.forgetUploads([assetId]);
  }

  async #bringToCluster(
    file: FoundFile,
    folder: WatchedFolder,
    signal: AbortSignal,
  ): Promise<{ assetId: AssetId; kind: "taken" | "duplicate" }> {
    this.#requireFitting(file);
    const known = await this.#read(file, signal);
    const { assetId } = known;
    if (assetId !== null && (await this.#ask(known, folder, signal)).duplicate) return { assetId, kind: "taken" };
    await this.#deps.requireRoom({ bytes: file.bytes, sha256: known.sha256 });
    const first = await this.#deps.offerSource(offerOf({ ...known, assetId: null }, folder), signal);
    if (first.duplicate) return { assetId: first.assetId, kind: "duplicate" };
    known.assetId = first.assetId;
    await this.#takeIn(known, folder, signal);
    await this.#untilThere(known, folder, signal);
    return { assetId: first.assetId, kind: "taken" };
  }

  async #read(file: FoundFile, signal: AbortSignal): Promise<KnownFile> {
    const before = this.#known.get(file.path);
    if (before !== undefined && isSame(before.file, file)) return before;
    const known: KnownFile = { file, sha256: await hashOfFile(file, signal), assetId: null };
    this.#known.set(file.path, known);
    return known;
  }

  /** @throws RefusedFile when its asset has ended, with what became of that */
  async #ask(known: KnownFile, folder: WatchedFolder, signal: AbortSignal): Promise<OfferedAsset> {
    const answer = await this.#deps.offerSource(offerOf(known, folder), signal);
    if (answer.ended === null) return answer;
    const { code, message, hint } = answer.ended;
    if (code !== "source_changed") throw new RefusedFile(code, message, { hint });
    // What lies there now may be right.
    this.#known.delete(known.file.path);
    throw new VsError(code, message, { hint });
  }

  async #takeIn(known: KnownFile, folder: WatchedFolder, signal: AbortSignal): Promise<void> {
    const { file, sha256, assetId } = known;
    if (assetId === null) return;
    const [unwanted, isOver] = [new AbortController(), new AbortController()];
    const watching = this.#watchAsset(known, folder, AbortSignal.any([signal, isOver.signal])).then(
      (error) => {
        unwanted.abort(error);
      },
      () => undefined,
    );
    const reading = AbortSignal.any([signal, unwanted.signal]);
    try {
      await this.#deps.takeIn({ assetId, bytes: file.bytes, sha256 }, (from) => streamFile(file, from, reading));
    } catch (thrown) {
      throw unwanted.signal.aborted ? unwanted.signal.reason : thrown;
    } finally {
      isOver.abort(new VsError("cancelled", "it has been taken in"));
      await watching;
    }
  }

  /** Why the asset is not to have its source any more, as soon as that is so; else stays until the signal, and throws it. */
  async #watchAsset(known: KnownFile, folder: WatchedFolder, signal: AbortSignal): Promise<VsError> {
    for (;;) {
      await this.#deps.clock.sleep(askWhileTakenInMs, signal);
      try {
        await this.#ask(known, folder, signal);
      } catch (thrown) {
        if (thrown instanceof RefusedFile) return thrown;
      }
    }
  }

  async #untilThere(known: KnownFile, folder: WatchedFolder, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + reportedWithinMs;
    const judgedUntilMs = clock.monotonicMs() + judgedWithinMs;
    for (;;) {
      const { duplicate: isThere, judged } = await this.#ask(known, folder, signal);
      if (isThere && (judged || clock.monotonicMs() > judgedUntilMs)) return;
      if (!isThere && clock.monotonicMs() > untilMs) {
        throw new VsError("timed_out", `the control plane has not heard yet that ${known.file.name} is there`);
      }
      await clock.sleep(askEveryMs, signal);
    }
  }

  #requireFitting({ name, bytes }: FoundFile): void {
    if (bytes === 0) throw new VsError("source_empty", `${name} is empty`, { hint: "Put the whole file there again" });
    const { capacityBytes } = this.#deps.store.usage;
    if (bytes <= capacityBytes) return;
    throw new VsError(
      "source_too_large",
      `${name} has ${String(bytes)} bytes, and this node holds ${String(capacityBytes)}`,
      {
        hint: "Raise capacityBytes of the node, or put the file where a larger node watches",
      },
    );
  }
}

function offerOf({ file, sha256, assetId }: KnownFile, { ladder, labels }: WatchedFolder): SourceOffer {
  return { sourceName: file.name, sourceBytes: file.bytes, sourceSha256: sha256, ladder, labels, assetId };
}

function isRefusal(error: VsError): boolean {
  return error instanceof RefusedFile || error.code === "source_empty" || error.code === "source_too_large";
}

async function requireUnchanged(file: FoundFile): Promise<void> {
  if (isSame(file, await describeFile(file.path, file.name))) return;
  throw new VsError("source_changed", `${file.name} changed after it was taken: what it is now comes next`);
}
