// What a check finds: broken rules with the place and the figures. Bounded: of each rule the first places are kept, and
// all are counted.
import { rules } from "./rules.ts";
import type { RuleId, RuleLevel } from "./rules.ts";

export interface Finding {
  readonly rule: RuleId;
  readonly level: RuleLevel;
  /** The URL of what breaks it. */
  readonly where: string;
  /** What is wrong, with the figures. */
  readonly message: string;
}

/** Places that are kept of each rule. */
export const placesLimit = 20;
/** How many are told apart when the same is found twice, by way of two playlists. */
const distinctLimit = 100_000;

export function finding(rule: RuleId, where: string, message: string): Finding {
  return { rule, level: rules[rule].level, where, message };
}

/** A finding unless it holds. */
export function unless(holds: boolean, rule: RuleId, where: string, message: string): Finding[] {
  return holds ? [] : [finding(rule, where, message)];
}

export class FindingList {
  readonly #kept: Finding[] = [];
  readonly #counts = new Map<RuleId, number>();
  readonly #seen = new Set<string>();

  add(findings: readonly Finding[]): void {
    for (const found of findings) {
      const key = `${found.rule}\n${found.where}\n${found.message}`;
      if (this.#seen.has(key)) continue;
      if (this.#seen.size < distinctLimit) this.#seen.add(key);
      const count = (this.#counts.get(found.rule) ?? 0) + 1;
      this.#counts.set(found.rule, count);
      if (count <= placesLimit) this.#kept.push(found);
    }
  }

  /** The kept ones, MUST rules first, otherwise as they were found. */
  get kept(): Finding[] {
    const isMust = ({ level }: Finding): boolean => level === "must";
    return [...this.#kept.filter(isMust), ...this.#kept.filter((found) => !isMust(found))];
  }

  /** How often each rule is broken. */
  get counts(): Partial<Record<RuleId, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Whether no MUST rule is broken. */
  get ok(): boolean {
    return [...this.#counts.keys()].every((rule) => rules[rule].level !== "must");
  }
}
