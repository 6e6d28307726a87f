// Files on their way in. Large half-received objects are kept for a while, so that a fetch can go on where it ended;
// everything else that a crash leaves here goes at the next start.
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@vstream/core/clock.ts";
import { isSha256 } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { DiskLayout } from "./disk-layout.ts";
import { temporaryPath } from "./durable-file.ts";

/** How long a half-received object waits for the rest. */
const partialAgeMs = 24 * 3_600_000;
/** What is smaller is fetched anew sooner than anybody would miss it. */
export const resumeWorthBytes = 16 * 1024 ** 2;

interface Deps {
  readonly layout: DiskLayout;
  readonly clock: Clock;
  /** Of all half-received objects that nobody is receiving. */
  readonly partialLimitBytes: number;
  /** Half-received objects smaller than this are not kept. */
  readonly resumeWorthBytes: number;
}

export class StagingFolder {
  readonly #layout: DiskLayout;
  readonly #clock: Clock;
  readonly #partialLimitBytes: number;
  readonly #resumeWorthBytes: number;
  readonly #receiving = new Set<Sha256>();
  /** Half-received objects that may stand here with nobody receiving them. */
  readonly #kept = new Set<Sha256>();

  constructor(deps: Deps) {
    this.#layout = deps.layout;
    this.#clock = deps.clock;
    this.#partialLimitBytes = deps.partialLimitBytes;
    this.#resumeWorthBytes = deps.resumeWorthBytes;
  }

  /** A path for a new file. */
  newPath(): string {
    return temporaryPath(this.#layout.staging);
  }

  /** Runs with the path of an object's half-received file, which is not swept meanwhile. What is left goes if small. */
  async withPartial<Result>(sha256: Sha256, act: (path: string) => Promise<Result>): Promise<Result> {
    this.#receiving.add(sha256);
    try {
      return await act(this.#layout.partial(sha256));
    } finally {
      // Whatever this meets on the disk, the outcome of act is what counts; the sweep comes again.
      await this.#keepIfWorth(sha256).catch(() => undefined);
      this.#receiving.delete(sha256);
    }
  }

  /** The object stands whole elsewhere: what was half received of it is of no use. */
  async dropPartial(sha256: Sha256): Promise<void> {
    if (this.#receiving.has(sha256) || !this.#kept.delete(sha256)) return;
    await rm(this.#layout.partial(sha256), { force: true });
  }

  /** At the start: removes what cannot be continued. */
  async clear(): Promise<void> {
    const { staging } = this.#layout;
    for (const file of await readdir(staging)) {
      const sha256 = partialName(file);
      if (sha256 === null) await rm(join(staging, file), { recursive: true, force: true });
      else await this.#keepIfWorth(sha256);
    }
    await this.sweep();
  }

  /** Removes half-received objects that are too old, and the oldest of those that are too many. */
  async sweep(): Promise<void> {
    let keptBytes = 0;
    for (const { path, bytes, changedAt } of await this.#waiting()) {
      keptBytes += bytes;
      const isOld = this.#clock.now() - changedAt > partialAgeMs;
      if (isOld || keptBytes > this.#partialLimitBytes) await rm(path, { force: true });
    }
  }

  async #keepIfWorth(sha256: Sha256): Promise<void> {
    const path = this.#layout.partial(sha256);
    this.#kept.delete(sha256);
    const found = await stat(path).catch(() => null);
    if (found === null) return;
    if (found.size < this.#resumeWorthBytes) await rm(path, { force: true });
    else this.#kept.add(sha256);
  }

  // Newest first.
  async #waiting(): Promise<{ path: string; bytes: number; changedAt: number }[]> {
    const { staging } = this.#layout;
    const names = (await readdir(staging)).map(partialName).filter((sha256) => sha256 !== null);
    const idle = names.filter((sha256) => !this.#receiving.has(sha256));
    const found = await Promise.all(
      idle.map(async (sha256) => {
        const path = this.#layout.partial(sha256);
        const file = await stat(path);
        return { path, bytes: file.size, changedAt: file.mtimeMs };
      }),
    );
    return found.sort((one, other) => other.changedAt - one.changedAt);
  }
}

function partialName(file: string): Sha256 | null {
  const name = file.endsWith(".part") ? file.slice(0, -".part".length) : "";
  return isSha256(name) ? name : null;
}
