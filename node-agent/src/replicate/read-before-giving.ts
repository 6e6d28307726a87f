// Whether an object's file is what its name says, looked at before any of it is given to another node: a viewer there
// may be sent the bytes before their hash is known, and nobody can take them back.
import PQueue from "p-queue";
import { VsError } from "@vstream/core/errors.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import { isFileRight } from "../store/check-file.ts";
import type { Store } from "../store/store.ts";

/** Files of viewers are below this. What is larger, sources, is only read in spans that have hashes of their own. */
export const readBeforeLimitBytes = 16 * 1024 * 1024;
/** Each reads with one buffer of a mebibyte; the disk has other readers. */
const filesAtOnce = 6;
const waitingFiles = 512;

/** gone: the store let go of it meanwhile. */
export type FileState = "right" | "wrong" | "gone";

export interface ReadBeforeGivingDeps {
  readonly store: Pick<Store, "pathOf">;
  /** Told once for each time that a file was found wrong. */
  readonly onDamage: (sha256: Sha256) => void;
}

export class ReadBeforeGiving {
  readonly #deps: ReadBeforeGivingDeps;
  readonly #reads = new PQueue({ concurrency: filesAtOnce });
  readonly #flights = new Map<Sha256, Promise<FileState>>();

  constructor(deps: ReadBeforeGivingDeps) {
    this.#deps = deps;
  }

  /**
   * One read at a time of a file, however many ask.
   * @throws VsError unavailable when too many wait, and what keeps a file from being read that may be right
   */
  async look(sha256: Sha256): Promise<FileState> {
    const flight = this.#flights.get(sha256) ?? this.#start(sha256);
    return await flight;
  }

  #start(sha256: Sha256): Promise<FileState> {
    if (this.#reads.size >= waitingFiles) {
      throw new VsError("unavailable", "this node has too much to read at once for other nodes");
    }
    const flight = this.#reads.add(() => this.#read(sha256)).finally(() => this.#flights.delete(sha256));
    this.#flights.set(sha256, flight);
    return flight;
  }

  async #read(sha256: Sha256): Promise<FileState> {
    const { store, onDamage } = this.#deps;
    const path = store.pathOf(sha256);
    if (path === null) return "gone";
    if (await isFileRight(path, sha256, () => Promise.resolve())) return "right";
    if (store.pathOf(sha256) !== path) return "gone";
    onDamage(sha256);
    return "wrong";
  }
}
