// For tests: a watched folder, a node that takes what lies in it, and what the control plane would say to it.
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@vstream/core/clock.ts";
import type { Clock } from "@vstream/core/clock.ts";
import type { Failure, VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { AssetId, Sha256 } from "@vstream/core/ids.ts";
import type { OfferedAsset, SourceOffer } from "../rpc/control-messages.ts";
import { TrialCluster, openTrialNode } from "../serving/trial-serving.fixture.ts";
import type { TrialNode } from "../serving/trial-serving.fixture.ts";
import type { ReportUpload } from "../serving/upload-reports.ts";
import { quietLog, trialFolder } from "../store/trial-store.fixture.ts";
import { WatchFolders } from "./watch-folders.ts";
import type { WatchFoldersDeps } from "./watch-folders.ts";

/** A second of watching takes a twentieth of one. */
const hurry = 20;
const hurriedClock: Clock = {
  now: () => systemClock.now(),
  monotonicMs: () => systemClock.monotonicMs() * hurry,
  sleep: (ms, signal) => systemClock.sleep(ms / hurry, signal),
};

interface Known {
  readonly assetId: AssetId;
  isThere: boolean;
}

/** As the control plane answers offers, over what is reported to it. */
export class OfferDesk {
  readonly offers: SourceOffer[] = [];
  readonly failures: string[] = [];
  readonly assets = new Map<Sha256, Known>();
  /** What it says instead of an answer. */
  refusal: VsError | null = null;
  /** What becomes of a source as soon as it is there; null: it is well. */
  verdict: Failure | null = null;
  /** The same for one that was said to be there before. */
  lateVerdict: Failure | null = null;
  readonly #ended = new Map<AssetId, Failure>();

  readonly offerSource = (offer: SourceOffer): Promise<OfferedAsset> => {
    this.offers.push(offer);
    if (this.refusal !== null) return Promise.reject(this.refusal);
    if (offer.assetId !== null) return Promise.resolve(this.#answerAbout(offer.assetId));
    const known = this.assets.get(offer.sourceSha256) ?? { assetId: newId("asset", Date.now()), isThere: false };
    this.assets.set(offer.sourceSha256, known);
    return Promise.resolve({ assetId: known.assetId, duplicate: known.isThere, ended: null, judged: true });
  };

  /** As an operator cancels an asset, or a probe refuses its source. */
  end(assetId: AssetId, why: Failure): void {
    this.#ended.set(assetId, why);
    for (const [sha256, known] of this.assets) if (known.assetId === assetId) this.assets.delete(sha256);
  }

  #answerAbout(assetId: AssetId): OfferedAsset {
    const ended = this.#ended.get(assetId) ?? null;
    const known = [...this.assets.values()].find((one) => one.assetId === assetId);
    const isThere = known?.isThere ?? false;
    // The source is there some time before anybody has looked into it.
    if (isThere && this.lateVerdict !== null) this.end(assetId, this.lateVerdict);
    return { assetId, duplicate: isThere, ended, judged: this.lateVerdict === null };
  }

  readonly reportUpload: ReportUpload = ({ assetId, outcome }) => {
    const [sha256, known] = [...this.assets].find(([, one]) => one.assetId === assetId) ?? [];
    if (outcome.kind === "failed") {
      this.failures.push(outcome.failure.code);
      if (sha256 !== undefined) this.end(assetId, outcome.failure);
    } else if (this.verdict !== null) {
      this.end(assetId, this.verdict);
    } else if (known !== undefined) {
      known.isThere = true;
    }
    return Promise.resolve(known !== undefined);
  };
}

export interface Watched extends AsyncDisposable {
  readonly folder: string;
  readonly node: TrialNode;
  readonly desk: OfferDesk;
  /** Stops watching, and watches again with a memory that is empty. */
  restart(): Promise<void>;
  /** What lies in the folder, or in one of its own. */
  list(subfolder?: string): Promise<string[]>;
}

export async function openWatched(changes: Partial<WatchFoldersDeps> = {}): Promise<Watched> {
  await using opened = new AsyncDisposableStack();
  const parent = opened.use(await trialFolder());
  const folder = join(parent.path, "in");
  await mkdir(folder);
  const desk = new OfferDesk();
  const node = opened.use(await openTrialNode(new TrialCluster(), { reportUpload: desk.reportUpload }));
  const watch = (): WatchFolders =>
    new WatchFolders({
      folders: [{ folder, ladder: "fast", labels: { from: "folder" }, settleSeconds: 0.3 }],
      ...{ store: node.store, clock: hurriedClock, log: quietLog, isControlHeard: () => true },
      offerSource: desk.offerSource,
      requireRoom: (source) => node.serving.requireRoom(source),
      takeIn: (source, open) => node.serving.takeIn(source, open),
      forgetUploads: (assetIds) => node.serving.forgetUploads(assetIds),
      ...changes,
    });
  let watching = watch();
  opened.defer(async () => {
    await watching[Symbol.asyncDispose]();
  });
  const closing = opened.move();
  return {
    ...{ folder, node, desk },
    async restart() {
      await watching[Symbol.asyncDispose]();
      watching = watch();
    },
    list: async (subfolder = "") => (await readdir(join(folder, subfolder)).catch(() => [])).toSorted(),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** Until it holds, for at most ten seconds. */
export async function eventually(holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await holds()) return;
    await systemClock.sleep(20);
  }
  throw new Error("it never came to hold");
}
