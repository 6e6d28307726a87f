// A bound on guessing: who showed too many wrong tokens within a minute from one address is told no more than that.
// Right tokens always pass, so that a broken program on a shared address does not lock its neighbours out; secrets of
// 256 bits are not found by trying.
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { ErrorCode } from "@vstream/core/errors.ts";

export const triesPerMinute = 20;
const windowMs = 60_000;
/** The one that has been remembered longest goes first. */
const rememberedAddresses = 10_000;
/** What is thrown for a secret that is not right; other refusals are for the owner of a token. */
const wrongSecret: readonly ErrorCode[] = ["token_invalid", "wrong_cluster"];

export class FailedTries {
  readonly #clock: Clock;
  readonly #failures = new Map<string, { readonly count: number; readonly sinceMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs a check of a token; that it was wrong counts against the address.
   * @throws VsError what the check throws; unavailable in place of that when the address has failed too often
   */
  async guard<Result>(address: string, check: () => Promise<Result>): Promise<Result> {
    try {
      return await check();
    } catch (thrown) {
      if (!(thrown instanceof VsError) || !wrongSecret.includes(thrown.code)) throw thrown;
      throw this.#count(address) > triesPerMinute ? tooMany(address) : thrown;
    }
  }

  #count(address: string): number {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#failures.get(address);
    const current = known !== undefined && nowMs - known.sinceMs < windowMs ? known : { count: 0, sinceMs: nowMs };
    this.#failures.set(address, { ...current, count: current.count + 1 });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > rememberedAddresses && oldest !== undefined) this.#failures.delete(oldest);
    return current.count + 1;
  }
}

function tooMany(address: string): VsError {
  return new VsError("unavailable", `too many wrong tokens came from ${address}`, {
    hint: "Wait a minute, then try again with the right token",
  });
}
