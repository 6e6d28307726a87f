// What is wrong with a source: a reason to refuse it, unless whoever gave it allows that what is good of it is published.
import type { VsError } from "@vstream/core/errors.ts";

export class SourceDamage {
  readonly #isAllowed: boolean;
  readonly #found: string[] = [];

  constructor(isAllowed: boolean) {
    this.#isAllowed = isAllowed;
  }

  /** For people: what was found and let pass. */
  get found(): readonly string[] {
    return this.#found;
  }

  /** @throws the refusal, unless damage is allowed: then its words are kept */
  note(refusal: VsError): void {
    if (!this.#isAllowed) throw refusal;
    this.#found.push(refusal.message);
  }
}
