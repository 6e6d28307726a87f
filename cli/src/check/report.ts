// What a check found, for people: each broken rule once, with how often and the first places.
import type { Finding } from "@vstream/authoring/findings.ts";
import { rules } from "@vstream/authoring/rules.ts";
import type { RuleId, RuleLevel } from "@vstream/authoring/rules.ts";

export interface ReportLine {
  /** Of a rule's own line; null: a place below it. */
  readonly level: RuleLevel | null;
  readonly text: string;
}

/** Places that are shown of each rule. */
const shownPlaces = 3;

export function reportLines(
  findings: readonly Finding[],
  counts: Partial<Record<RuleId, number>>,
): readonly ReportLine[] {
  const byRule = Map.groupBy(findings, ({ rule }) => rule);
  return [...byRule].flatMap(([rule, found]): ReportLine[] => {
    const count = counts[rule] ?? found.length;
    const places = found
      .slice(0, shownPlaces)
      .map(({ where, message }) => ({ level: null, text: `${where}: ${message}` }));
    const others = count - places.length;
    const { level, sentence } = rules[rule];
    return [
      { level, text: `${rule}, ${count} time${count === 1 ? "" : "s"}: ${sentence}` },
      ...places,
      ...(others > 0 ? [{ level: null, text: `and ${others} more` }] : []),
    ];
  });
}
