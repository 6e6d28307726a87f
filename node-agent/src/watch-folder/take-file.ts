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

export interface TakingDeps {
  readonly store: Pick<Store, "reserve" | "usage">;
  readonly offerSource: (offer: SourceOffer, signal: AbortSignal) => Promise<OfferedAsset>;
  /** Makes the asset's source piece of what `open` gives, from a byte on, and has it reported. */
  readonly takeIn: (
    source: { readonly assetId: AssetId; readonly bytes: number; readonly sha256: Sha256 },
    open: (fromByte: number) => Promise<Readable>,
  ) => Promise<void>;
  readonly clock: Clock;
}

export type Taken =
  | { readonly kind: "taken" | "duplicate"; readonly assetId: AssetId; readonly path: string }
  | { readonly kind: "refused"; readonly error: VsError; readonly path: string };

export class FileTaker {
  readonly #deps: TakingDeps;
  /** By path: what was read need not be read again when only the rest is to be tried again. */
  readonly #hashes = new Map<string, { readonly file: FoundFile; readonly sha256: Sha256 }>();

  constructor(deps: TakingDeps) {
    this.#deps = deps;
  }

  /** @throws VsError why it cannot be taken now; a later try may go well. The signal's reason */
  async take(file: FoundFile, folder: WatchedFolder, signal: AbortSignal): Promise<Taken> {
    try {
      const { assetId, kind } = await this.#bringToCluster(file, folder, signal);
      if (!isSame(file, await describeFile(file.path, file.name))) throw changedSince(file);
      return { kind, assetId, path: await markTaken(file) };
    } catch (thrown) {
      if (!(thrown instanceof VsError) || !isRefusal(thrown)) throw thrown;
      return { kind: "refused", error: thrown, path: await markRefused(file, thrown.toFailure()) };
    }
  }

  /** What is remembered of the files of a folder that are not there any more. */
  forgetExcept(folder: string, here: ReadonlySet<string>): void {
    for (const path of this.#hashes.keys()) if (dirname(path) === folder && !here.has(path)) this.#hashes.delete(path);
  }

  async #bringToCluster(
    file: FoundFile,
    folder: WatchedFolder,
    signal: AbortSignal,
  ): Promise<{ assetId: AssetId; kind: "taken" | "duplicate" }> {
    this.#requireFitting(file);
    const offer = await this.#offerOf(file, folder, signal);
    const first = await this.#deps.offerSource(offer, signal);
    if (first.duplicate) return { assetId: first.assetId, kind: "duplicate" };
    const { sourceBytes: bytes, sourceSha256: sha256 } = offer;
    await this.#deps.takeIn({ assetId: first.assetId, bytes, sha256 }, (from) => streamFile(file, from, signal));
    const untilMs = this.#deps.clock.monotonicMs() + reportedWithinMs;
    for (;;) {
      const again = await this.#deps.offerSource(offer, signal);
      if (again.duplicate) return { assetId: again.assetId, kind: "taken" };
      if (this.#deps.clock.monotonicMs() > untilMs) {
        throw new VsError("timed_out", `the control plane has not heard yet that ${file.name} is there`);
      }
      await this.#deps.clock.sleep(askEveryMs, signal);
    }
  }

  /** What is read first and then does not fit was read for nothing. */
  async #offerOf(file: FoundFile, { ladder, labels }: WatchedFolder, signal: AbortSignal): Promise<SourceOffer> {
    await using _room = this.#deps.store.reserve(file.bytes);
    const known = this.#hashes.get(file.path);
    const sha256 = known !== undefined && isSame(known.file, file) ? known.sha256 : await hashOfFile(file, signal);
    this.#hashes.set(file.path, { file, sha256 });
    return { sourceName: file.name, sourceBytes: file.bytes, sourceSha256: sha256, ladder, labels };
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

/** Whether it would end the same way each time. */
function isRefusal({ code }: VsError): boolean {
  return code === "source_empty" || code === "source_too_large";
}

function changedSince({ name }: FoundFile): VsError {
  return new VsError("source_changed", `${name} changed after it was taken: what it is now comes next`);
}
