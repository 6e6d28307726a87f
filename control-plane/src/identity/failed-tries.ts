// A bound on guessing: an address that showed too many wrong tokens within a minute is refused without a look at
// what it shows next. A token that proved right from there before still passes, so that a broken program on a shared
// address does not lock its neighbours out.
import { createHash } from "node:crypto";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";

export const triesPerMinute = 20;
const windowMs = 60_000;
/** Of each kind; the oldest goes first. */
const rememberedAddresses = 10_000;
const rememberedTokens = 1_000;

export class FailedTries {
  readonly #clock: Clock;
  readonly #failures = new Map<string, { count: number; since: number }>();
  readonly #proved = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs a check of a token; that it threw counts against the address.
   * @throws VsError unavailable when the address has failed too often, else what the check throws
   */
  async guard<Result>(shown: { address: string; text: string }, check: () => Promise<Result>): Promise<Result> {
    const mark = createHash("sha256").update(`${shown.address} ${shown.text}`).digest("base64");
    if (!this.#proved.has(mark)) this.#refuseWhenBlocked(shown.address);
    try {
      const result = await check();
      this.#proved.add(mark);
      dropOldest(this.#proved, rememberedTokens);
      return result;
    } catch (thrown) {
      if (thrown instanceof VsError && thrown.exitCode === 4) this.#count(shown.address);
      throw thrown;
    }
  }

  #refuseWhenBlocked(address: string): void {
    if ((this.#current(address)?.count ?? 0) < triesPerMinute) return;
    throw new VsError("unavailable", `too many wrong tokens came from ${address}`, {
      hint: "Wait a minute, then try again with the right token",
    });
  }

  #count(address: string): void {
    const current = this.#current(address) ?? { count: 0, since: this.#clock.monotonicMs() };
    this.#failures.set(address, { ...current, count: current.count + 1 });
    dropOldest(this.#failures, rememberedAddresses);
  }

  #current(address: string): { count: number; since: number } | undefined {
    const current = this.#failures.get(address);
    if (current === undefined || this.#clock.monotonicMs() - current.since < windowMs) return current;
    this.#failures.delete(address);
    return undefined;
  }
}

function dropOldest(kept: Map<string, unknown> | Set<string>, limit: number): void {
  const [oldest] = kept.keys();
  if (kept.size > limit && oldest !== undefined) kept.delete(oldest);
}
