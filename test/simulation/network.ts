// The network between programs: ways that are slow, lose words, or are cut in one direction or both. A stream keeps its
// order and holds back what a cut way does not carry; a call that is lost on its way comes back as such after a while.
import { VsError } from "@vstream/core/errors.ts";
import type { Random } from "./random.ts";
import type { Program, VirtualTime } from "./virtual-time.ts";

/** A machine's name, or `control`. */
export type Place = string;

/** How long a call waits for its answer. */
const callLimitMs = 10_000;
/** Copies of a call may still be under way when its answer has long been had. */
const latestCopyMs = 90_000;

interface Way {
  cut: boolean;
  delayMs: number;
  /** Of calls, 0 to 1; streams send again, which takes time. */
  loss: number;
}

interface Call<Answer> {
  readonly from: Place;
  readonly to: Place;
  readonly caller: Program;
  /** Who runs there when the call arrives; null: nobody. */
  readonly callee: () => Program | null;
  readonly answer: () => Promise<Answer>;
  /** Beside the way: what is transferred takes this long. */
  readonly transferMs?: number;
  /** A report, of which the network may make a copy that arrives late. */
  readonly copied?: boolean;
}

export class Network {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #ways = new Map<string, Way>();
  readonly #streams = new Set<Stream>();
  /** Of calls that may be copied, how many are. */
  copyShare = 0.1;

  constructor(time: VirtualTime, random: Random) {
    this.#time = time;
    this.#random = random;
  }

  way(from: Place, to: Place): Way {
    const key = `${from}>${to}`;
    const known = this.#ways.get(key);
    if (known !== undefined) return known;
    const way = { cut: false, delayMs: this.#random.between(1, 20), loss: 0 };
    this.#ways.set(key, way);
    return way;
  }

  cut(from: Place, to: Place): void {
    this.way(from, to).cut = true;
  }

  /** Every way is whole and quick again. */
  heal(): void {
    for (const way of this.#ways.values()) Object.assign(way, { cut: false, delayMs: 5, loss: 0 });
    this.flush();
  }

  /** To be called when a way was opened again: what streams held back goes on. */
  flush(): void {
    for (const stream of this.#streams) stream.flush();
  }

  /** @throws VsError unavailable, timed_out, or what the callee throws; never when the caller is killed meanwhile */
  async call<Answer>(call: Call<Answer>): Promise<Answer> {
    const settled = Promise.withResolvers<Answer>();
    const over = call.caller.after(callLimitMs + (call.transferMs ?? 0), () => {
      settled.reject(new VsError("timed_out", `${call.to} did not answer ${call.from}`));
    });
    this.#send(call, settled);
    if (call.copied === true && this.#random.chance(this.copyShare)) {
      this.#time.after(this.#random.between(0, latestCopyMs), () => {
        this.#send(call, Promise.withResolvers<Answer>());
      });
    }
    try {
      return await settled.promise;
    } finally {
      over();
    }
  }

  openStream(ends: StreamEnds): Stream {
    const stream = new Stream(this, this.#time, ends);
    this.#streams.add(stream);
    return stream;
  }

  forget(stream: Stream): void {
    this.#streams.delete(stream);
  }

  delayOf(from: Place, to: Place): number {
    const { delayMs, loss } = this.way(from, to);
    const again = this.#random.chance(loss) ? this.#random.between(200, 2_000) : 0;
    return delayMs * this.#random.between(0.5, 1.5) + again;
  }

  // A refused connection is noticed at once, a word that is lost is not.
  #send<Answer>({ from, to, caller, callee, answer, transferMs = 0 }: Call<Answer>, settled: Settled<Answer>): void {
    settled.promise.catch(() => undefined);
    this.#carry(from, to, 0, () => {
      const program = callee();
      const back = (act: () => void): void => {
        this.#carry(to, from, transferMs, () => {
          caller.run(act);
        });
      };
      if (program === null || !program.isAlive) {
        back(() => {
          settled.reject(new VsError("unavailable", `nobody answers at ${to}`));
        });
        return;
      }
      program.run(() => {
        void answer().then(
          (given) => {
            back(() => {
              settled.resolve(given);
            });
          },
          (thrown: unknown) => {
            back(() => {
              settled.reject(thrown);
            });
          },
        );
      });
    });
  }

  #carry(from: Place, to: Place, takesMs: number, arrive: () => void): void {
    const way = this.way(from, to);
    if (way.cut || this.#random.chance(way.loss)) return;
    this.#time.after(takesMs + way.delayMs * this.#random.between(0.5, 1.5), () => {
      if (!this.way(from, to).cut) arrive();
    });
  }
}

type Settled<Answer> = PromiseWithResolvers<Answer>;

interface End {
  readonly place: Place;
  readonly program: Program;
  hear(word: unknown): void;
  /** The other end is gone, or has ended it; at most once. */
  ended(reason: Error): void;
}

export type StreamEnds = readonly [End, End];
type Side = 0 | 1;

interface Word {
  readonly word: unknown;
  readonly end: Error | null;
}

/** Words in both directions, each in order, from one program to another. */
export class Stream {
  readonly #network: Network;
  readonly #time: VirtualTime;
  readonly #ends: StreamEnds;
  /** By the side that is to hear. */
  readonly #waiting: readonly [Word[], Word[]] = [[], []];
  readonly #arrivesAt: [number, number] = [0, 0];
  readonly #isOver: [boolean, boolean] = [false, false];

  constructor(network: Network, time: VirtualTime, ends: StreamEnds) {
    this.#network = network;
    this.#time = time;
    this.#ends = ends;
    ends.forEach(({ program }, side) => {
      program.onKill(() => {
        this.end(side as Side, new VsError("unavailable", "the other end was killed"));
      });
    });
  }

  /** From that side to the other. */
  send(from: Side, word: unknown): void {
    if (!this.#isOver[from]) this.#queue(other(from), { word, end: null });
  }

  /** That side is done with it; the other learns it after all that was said. */
  end(from: Side, reason: Error): void {
    if (this.#isOver[from]) return;
    this.#isOver[from] = true;
    this.#queue(other(from), { word: null, end: reason });
    if (this.#isOver[other(from)]) this.#network.forget(this);
  }

  flush(): void {
    for (const to of [0, 1] as const) for (const _ of this.#waiting[to]) this.#planArrival(to);
  }

  #queue(to: Side, word: Word): void {
    this.#waiting[to].push(word);
    this.#planArrival(to);
  }

  #planArrival(to: Side): void {
    const delayMs = this.#network.delayOf(this.#ends[other(to)].place, this.#ends[to].place);
    this.#arrivesAt[to] = Math.max(this.#arrivesAt[to], this.#time.nowMs + delayMs);
    this.#time.after(this.#arrivesAt[to] - this.#time.nowMs, () => {
      this.#arrive(to);
    });
  }

  #arrive(to: Side): void {
    const end = this.#ends[to];
    if (this.#network.way(this.#ends[other(to)].place, end.place).cut) return;
    const next = this.#waiting[to].shift();
    if (next === undefined) return;
    end.program.run(() => {
      if (this.#isOver[to]) return;
      if (next.end === null) {
        end.hear(next.word);
        return;
      }
      this.#isOver[to] = true;
      this.#network.forget(this);
      end.ended(next.end);
    });
  }
}

function other(side: Side): Side {
  return side === 0 ? 1 : 0;
}
