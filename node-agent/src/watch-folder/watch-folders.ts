// Folders that the agent watches for sources. It looks every other second instead of being told by the system, because
// that works on every file system, also for what other machines write to a shared one, and because a file that has
// stopped growing can be told only by looking again. One file is taken at a time.
import { dirname } from "node:path";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { Logger } from "@vstream/core/log.ts";
import { findFiles } from "./found-files.ts";
import type { FoundFile } from "./found-files.ts";
import { Settling } from "./settling.ts";
import { FileTaker } from "./take-file.ts";
import type { Taken, TakingDeps } from "./take-file.ts";
import type { WatchedFolder } from "./watch-config.ts";

const lookEveryMs = 2_000;
/** Taken between two looks at a folder. */
const takenPerLook = 100;
/** Of the names that cannot be read. */
const toldNames = 10;
/** Before a file that could not be taken is tried again: this, and twice as long each time, up to the longest. */
const firstRetryMs = 10_000;
const longestRetryMs = 5 * 60_000;

export interface WatchFoldersDeps extends TakingDeps {
  readonly folders: readonly WatchedFolder[];
  /** Whether the control plane can be asked now. */
  readonly isControlHeard: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Retry {
  readonly afterMs: number;
  readonly waitMs: number;
  /** Why it could not be taken the last time. */
  readonly code: string;
}

/** Watches from now on. */
export class WatchFolders implements AsyncDisposable {
  readonly #deps: WatchFoldersDeps;
  readonly #taker: FileTaker;
  readonly #closing = new AbortController();
  readonly #retries = new Map<string, Retry>();
  readonly #unseen = new Set<string>();
  /** Folders of which it was said that they have names that cannot be read. */
  readonly #passedOver = new Set<string>();
  readonly #watching: Promise<void>;

  constructor(deps: WatchFoldersDeps) {
    this.#deps = deps;
    this.#taker = new FileTaker(deps);
    this.#watching = this.#watch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new VsError("cancelled", "the agent is stopping"));
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { clock, folders } = this.#deps;
    const { signal } = this.#closing;
    const watched = folders.map((folder) => ({ folder, settling: new Settling(clock, folder.settleSeconds * 1000) }));
    while (watched.length > 0 && !signal.aborted) {
      for (const { folder, settling } of watched) await this.#lookInto(folder, settling);
      await clock.sleep(lookEveryMs, signal).catch(() => undefined);
    }
  }

  async #lookInto(folder: WatchedFolder, settling: Settling): Promise<void> {
    const found = await this.#find(folder);
    const settled = settling.settled(found);
    this.#forgetGone(folder, found);
    for (const file of settled.filter(({ path }) => this.#isDue(path)).slice(0, takenPerLook)) {
      if (this.#closing.signal.aborted || !this.#deps.isControlHeard()) return;
      await this.#take(file, folder);
    }
  }

  // A folder may be on a disk that is not mounted yet: that is said once, and it is looked at again.
  async #find({ folder }: WatchedFolder): Promise<readonly FoundFile[]> {
    const { log } = this.#deps;
    try {
      const { files, unreadable } = await findFiles(folder, (path) => this.#isDue(path));
      if (this.#unseen.delete(folder)) log.info({ folder }, "watched folder is there again");
      this.#tellPassedOver(folder, unreadable);
      return files;
    } catch (err) {
      if (!this.#unseen.has(folder)) log.error({ err, folder }, "watched folder cannot be read");
      this.#unseen.add(folder);
      return [];
    }
  }

  /** Once, until there are none. */
  #tellPassedOver(folder: string, names: readonly string[]): void {
    const wasTold = this.#passedOver.delete(folder);
    if (names.length === 0) return;
    this.#passedOver.add(folder);
    if (wasTold) return;
    const told = { folder, count: names.length, names: names.slice(0, toldNames) };
    this.#deps.log.warn(told, "watched files passed over: their names are not UTF-8; rename them");
  }

  async #take(file: FoundFile, folder: WatchedFolder): Promise<void> {
    try {
      this.#tell(file, await this.#taker.take(file, folder, this.#closing.signal));
      this.#retries.delete(file.path);
    } catch (thrown) {
      if (!this.#closing.signal.aborted) this.#noteFailure(file, asVsError(thrown));
    }
  }

  #tell({ path }: FoundFile, taken: Taken): void {
    const { log } = this.#deps;
    const now = { file: path, movedTo: taken.path };
    if (taken.kind === "refused") {
      log.warn({ ...now, code: taken.error.code, reason: taken.error.message }, "watched file refused");
    } else if (taken.kind === "duplicate") {
      log.info({ ...now, assetId: taken.assetId }, "watched file was there already");
    } else {
      log.info({ ...now, assetId: taken.assetId }, "watched file taken");
    }
  }

  #noteFailure({ path }: FoundFile, error: VsError): void {
    const last = this.#retries.get(path);
    const waitMs = Math.min(longestRetryMs, last === undefined ? firstRetryMs : last.waitMs * 2);
    this.#retries.set(path, { afterMs: this.#deps.clock.monotonicMs() + waitMs, waitMs, code: error.code });
    if (last?.code === error.code) return;
    const told = { file: path, code: error.code, reason: error.message, hint: error.hint };
    this.#deps.log.warn(told, "watched file not taken yet; it is tried again");
  }

  #isDue(path: string): boolean {
    const retry = this.#retries.get(path);
    return retry === undefined || this.#deps.clock.monotonicMs() >= retry.afterMs;
  }

  #forgetGone({ folder }: WatchedFolder, found: readonly FoundFile[]): void {
    const here = new Set(found.map(({ path }) => path));
    for (const path of this.#retries.keys()) {
      if (dirname(path) === folder && !here.has(path)) this.#retries.delete(path);
    }
    this.#taker.forgetExcept(folder, here);
  }
}
