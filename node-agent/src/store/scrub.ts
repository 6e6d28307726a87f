// Reads every object that a piece names again and again, in the order of hashes, and holds it against its name. A pass
// takes the period at most, and less when the store is small; it falls behind while the node is busy, and catches up.
// What comes in behind the position is read in the next pass. Nothing is dropped here: what is wrong is told, and what
// could not be looked at is left for the next pass.
import { VsError } from "@vstream/core/errors.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { Scrub } from "@vstream/core/media.ts";
import { isFileRight } from "./check-file.ts";
import { objectFolders } from "./disk-layout.ts";
import { PassTime } from "./pass-time.ts";
import { restMs, slowestMs } from "./scrub-pace.ts";
import type { Position } from "./scrub-position.ts";
import type { Shelves } from "./shelves.ts";
import type { ScrubOptions } from "./store.ts";

/** How soon a scrub that gave way looks again whether the node is still busy. */
const busyLookMs = 2_000;
/** How soon the scrub of an empty store, or one that failed, looks again. */
const emptyLookMs = 60_000;

/** One that finds nothing to read must not go round without a pause. */
const betweenPassesMs = 1_000;

type Finding = "right" | "wrong" | "unread";

/** How far the scrub is, whether it runs or not. */
export function scrubStand({ pieces, scrubPosition, damageCount, quarantine }: Shelves): Scrub {
  const position = scrubPosition.now;
  const totalBytes = pieces.namedBytes;
  return {
    passStartedAt: position?.passStartedAt ?? 0,
    // Some of what was read may be gone since.
    checkedBytes: Math.min(position?.checkedBytes ?? 0, totalBytes),
    totalBytes,
    lastPassEndedAt: position?.lastPassEndedAt ?? null,
    damagedFound: damageCount.found,
    quarantined: quarantine.count,
  };
}

/** Runs until it is disposed of, which waits for the read that goes on. */
export class Scrubber implements AsyncDisposable {
  readonly #shelves: Shelves;
  readonly #options: ScrubOptions;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  /** Of this pass, those that could not be looked at. */
  #unread = 0;

  constructor(shelves: Shelves, options: ScrubOptions) {
    this.#shelves = shelves;
    this.#options = options;
    this.#running = options.periodMs > 0 ? this.#run() : Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, scrubPosition } = this.#shelves;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const pauseMs = (await this.#readAll()) ? betweenPassesMs : emptyLookMs;
      // Aborted: the loop's condition ends it.
      await clock.sleep(pauseMs, signal).catch(() => undefined);
    }
    await scrubPosition.write();
  }

  /** False: there was nothing to read, or the pass was cut short. */
  async #readAll(): Promise<boolean> {
    const { pieces, log } = this.#shelves;
    if (pieces.namedBytes === 0) return false;
    try {
      await this.#pass(this.#begin());
      return true;
    } catch (err) {
      if (!this.#stopping.signal.aborted) log.error({ err }, "scrub of the store failed");
      return false;
    }
  }

  #begin(): Position {
    const { clock, scrubPosition } = this.#shelves;
    const fresh = { passStartedAt: clock.now(), lastPassEndedAt: null, after: null, checkedBytes: 0 };
    return scrubPosition.now ?? fresh;
  }

  async #pass(begun: Position): Promise<void> {
    const { clock, pieces, log, scrubPosition } = this.#shelves;
    const time = this.#timeOf(begun);
    let position = begun;
    this.#unread = 0;
    for (const folder of objectFolders) {
      for (const sha256 of pieces.namedInFolder(folder)) {
        if (position.after !== null && sha256 <= position.after) continue;
        const bytes = await this.#look(sha256, position.checkedBytes, time);
        const checkedBytes = position.checkedBytes + bytes;
        position = { ...position, passStartedAt: time.startedAt, after: sha256, checkedBytes };
        await scrubPosition.move(position);
      }
    }
    const now = clock.now();
    await scrubPosition.move({ passStartedAt: now, lastPassEndedAt: now, after: null, checkedBytes: 0 });
    log.debug({ bytes: position.checkedBytes, startedAt: position.passStartedAt }, "scrub pass ended");
    if (this.#unread > 0) log.warn({ objects: this.#unread }, "not all could be read: left for the next scrub pass");
  }

  /** Of a pass that begins, or that goes on after a restart. */
  #timeOf({ passStartedAt, checkedBytes }: Position): PassTime {
    const { clock, pieces } = this.#shelves;
    const dueMs = Math.min(1, checkedBytes / Math.max(1, pieces.namedBytes)) * this.#options.periodMs;
    return new PassTime({ clock, startedAt: passStartedAt, dueMs });
  }

  /** Gives the object's size, once it was read as far as that can be. */
  async #look(sha256: Sha256, checkedBytes: number, time: PassTime): Promise<number> {
    const { objects, pieces } = this.#shelves;
    const [path, sizeBytes] = [objects.pathOf(sha256), objects.sizeOf(sha256) ?? 0];
    let restedBytes = 0;
    const onPart = async (bytes: number): Promise<void> => {
      // After the last part the finding comes first.
      if (restedBytes + bytes >= sizeBytes) return;
      restedBytes += bytes;
      await this.#rest(bytes, checkedBytes + restedBytes, time);
    };
    // What a piece names and is not here: a drop was cut short, and is to go on.
    const finding = path === null ? "wrong" : await this.#read(path, sha256, onPart);
    if (finding === "wrong" && pieces.isNamed(sha256)) this.#options.onDamage(sha256);
    // Also for what could not be read: a disk that fails is not to be asked without a pause.
    await this.#rest(sizeBytes - restedBytes, checkedBytes + sizeBytes, time);
    return sizeBytes;
  }

  async #read(path: string, sha256: Sha256, onPart: (bytes: number) => Promise<void>): Promise<Finding> {
    try {
      const isRight = await isFileRight(path, sha256, async (bytes) => {
        await onPart(bytes);
        if (!this.#stands(sha256)) throw new VsError("object_missing", `object ${sha256} was let go of`);
      });
      return isRight ? "right" : "wrong";
    } catch (err) {
      this.#stopping.signal.throwIfAborted();
      if (this.#stands(sha256)) {
        this.#unread += 1;
        this.#shelves.log.debug({ err, sha256 }, "object not read by the scrub");
      }
      return "unread";
    }
  }

  #stands(sha256: Sha256): boolean {
    const { pieces, objects } = this.#shelves;
    return pieces.isNamed(sha256) && objects.pathOf(sha256) !== null;
  }

  async #rest(partBytes: number, checkedBytes: number, time: PassTime): Promise<void> {
    const { clock, pieces } = this.#shelves;
    const { isBusy, periodMs } = this.#options;
    const { signal } = this.#stopping;
    const untilMs = clock.monotonicMs() + slowestMs;
    const stand = { elapsedMs: time.elapsedMs, checkedBytes, totalBytes: pieces.namedBytes };
    await clock.sleep(restMs({ ...stand, periodMs, partBytes }), signal);
    while (isBusy() && clock.monotonicMs() < untilMs) await clock.sleep(busyLookMs, signal);
  }
}
