// The source as a task's ffmpeg sees it: a file in the scratch folder that is right wherever the task reads.
import type { NodeId } from "@vstream/core/ids.ts";
import type { SourceRef } from "@vstream/core/media.ts";
import type { ByteRange } from "../media/plan-chunk.ts";
import { fetchSource } from "../replicate/fetch-span.ts";
import { linkOwnSource } from "../replicate/own-source.ts";
import type { TaskContext } from "./task-context.ts";
import type { WorkDeps } from "./work-deps.ts";

type Deps = Pick<WorkDeps, "nodeId" | "store" | "fetcher" | "peers" | "verifiedBlocks" | "onDamage" | "log">;

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
  #files = 0;

  constructor(deps: Deps, wanted: WantedSource, context: TaskContext) {
    this.#deps = deps;
    this.#wanted = wanted;
    this.#context = context;
  }

  get path(): string {
    return this.#context.scratch.path("source");
  }

  /** The file has these bytes, checked, when resolved. Nobody may be reading it meanwhile. */
  async need(ranges: readonly ByteRange[]): Promise<void> {
    if (this.#covers(ranges) || (await this.#takeOwn(ranges))) return;
    await this.#fetch(ranges);
  }

  /**
   * The whole file. Space for it is reserved until the result is disposed of, unless this node holds it anyway.
   * @throws VsError storage_full
   */
  async needWhole(): Promise<AsyncDisposable> {
    await using reserved = new AsyncDisposableStack();
    const whole = { start: 0, end: this.#wanted.source.source.bytes };
    if (!(await this.#takeOwn([whole]))) {
      reserved.use(this.#deps.store.reserve(whole.end));
      await this.#fetch([whole]);
    }
    return reserved.move();
  }

  #covers(ranges: readonly ByteRange[]): boolean {
    return ranges.every((range) => this.#covered.some((known) => known.start <= range.start && range.end <= known.end));
  }

  /** False: this node does not hold the source, or holds it wrong. */
  async #takeOwn(ranges: readonly ByteRange[]): Promise<boolean> {
    const { verifiedBlocks: verified, onDamage } = this.#deps;
    const request = this.#request(ranges);
    if ((await linkOwnSource({ ...request, verified, onDamage })) === null) return false;
    await this.#put(request.name, ranges);
    return true;
  }

  async #fetch(ranges: readonly ByteRange[]): Promise<void> {
    const request = this.#request(ranges);
    await fetchSource(request);
    await this.#put(request.name, ranges);
  }

  #request(ranges: readonly ByteRange[]) {
    const { store, fetcher, peers, log, nodeId } = this.#deps;
    const { scratch, signal } = this.#context;
    const holders = this.#wanted.holders.filter((holder) => holder !== nodeId);
    this.#files += 1;
    const name = `source-${String(this.#files)}`;
    return { store, fetcher, peers, log, scratch, source: this.#wanted.source, ranges, holders, signal, name };
  }

  async #put(name: string, ranges: readonly ByteRange[]): Promise<void> {
    await this.#context.scratch.rename(name, "source");
    this.#covered = ranges;
  }
}
