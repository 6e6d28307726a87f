// The source as a task's ffmpeg sees it: a file in the scratch folder that is right wherever the task reads.
import type { NodeId } from "@vstream/core/ids.ts";
import type { SourceRef } from "@vstream/core/media.ts";
import type { ByteRange } from "../media/plan-chunk.ts";
import { fetchSource } from "../replicate/fetch-span.ts";
import type { TaskContext } from "./task-context.ts";
import type { WorkDeps } from "./work-deps.ts";

type Deps = Pick<WorkDeps, "nodeId" | "store" | "fetcher" | "peers" | "log">;

export interface WantedSource {
  readonly source: SourceRef;
  readonly holders: readonly NodeId[];
}

/** Where the source is, or will be once `need` has been called. */
export class TaskSource {
  readonly #deps: Deps;
  readonly #wanted: WantedSource;
  readonly #context: TaskContext;
  #covered: readonly ByteRange[] = [];
  #fetches = 0;

  constructor(deps: Deps, wanted: WantedSource, context: TaskContext) {
    this.#deps = deps;
    this.#wanted = wanted;
    this.#context = context;
  }

  get path(): string {
    return this.#context.scratch.path("source");
  }

  /** Whether this node holds the whole source itself. */
  get isHere(): boolean {
    return this.#deps.store.has(this.#wanted.source.source.sha256);
  }

  /** The file has these bytes when resolved. Nobody may be reading it meanwhile. */
  async need(ranges: readonly ByteRange[]): Promise<void> {
    if (ranges.every((range) => this.#covered.some((known) => known.start <= range.start && range.end <= known.end))) {
      return;
    }
    const { store, fetcher, peers, log, nodeId } = this.#deps;
    const { scratch, signal } = this.#context;
    const holders = this.#wanted.holders.filter((holder) => holder !== nodeId);
    this.#fetches += 1;
    const name = `source-${String(this.#fetches)}`;
    const wholly = this.isHere;
    await fetchSource({
      store,
      fetcher,
      peers,
      log,
      scratch,
      source: this.#wanted.source,
      ranges,
      holders,
      signal,
      name,
    });
    await scratch.rename(name, "source");
    this.#covered = wholly ? [this.#whole] : ranges;
  }

  /**
   * The whole file. Space for it is reserved until the result is disposed of.
   * @throws VsError storage_full
   */
  async needWhole(): Promise<AsyncDisposable> {
    await using reserved = new AsyncDisposableStack();
    if (!this.isHere) reserved.use(this.#deps.store.reserve(this.#whole.end));
    await this.need([this.#whole]);
    return reserved.move();
  }

  get #whole(): ByteRange {
    return { start: 0, end: this.#wanted.source.source.bytes };
  }
}
