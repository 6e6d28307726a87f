// Pure: which segments of an audio track belong to which chunk. Segments come one after the other while the track is
// being encoded; a chunk's run is handed out as soon as it is whole, the last one when the track has ended.
export interface AudioGroup<Item> {
  readonly chunk: number;
  readonly segments: readonly Item[];
}

export class AudioGroups<Item> {
  readonly #chunkSegments: readonly number[];
  #waiting: Item[] = [];
  #chunk = 0;

  /** @param chunkSegments how many segments each chunk has, in order */
  constructor(chunkSegments: readonly number[]) {
    this.#chunkSegments = chunkSegments;
  }

  /** Gives the groups that are whole now, without the last chunk's. */
  add(segments: readonly Item[]): AudioGroup<Item>[] {
    this.#waiting.push(...segments);
    const whole: AudioGroup<Item>[] = [];
    while (this.#chunk < this.#chunkSegments.length - 1 && this.#waiting.length >= this.#wanted) {
      whole.push(this.#take(this.#wanted));
    }
    return whole;
  }

  /** Gives what is left: every chunk gets its group, the last one whatever remains, be it more or fewer segments. */
  finish(): AudioGroup<Item>[] {
    const rest: AudioGroup<Item>[] = [];
    while (this.#chunk < this.#chunkSegments.length) {
      const isLast = this.#chunk === this.#chunkSegments.length - 1;
      rest.push(this.#take(isLast ? this.#waiting.length : this.#wanted));
    }
    return rest;
  }

  get #wanted(): number {
    return this.#chunkSegments[this.#chunk] ?? 0;
  }

  #take(count: number): AudioGroup<Item> {
    const group = { chunk: this.#chunk, segments: this.#waiting.splice(0, count) };
    this.#chunk += 1;
    return group;
  }
}
