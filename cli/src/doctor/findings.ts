// What `vsctl doctor` looks at, each check by itself.

export interface Finding {
  /** What was looked at. */
  readonly check: string;
  readonly ok: boolean;
  /** What was found: a sentence. */
  readonly message: string;
  /** What to do; empty when there is nothing to do. */
  readonly hint: string;
}

export function fine(check: string, message: string): Finding {
  return { check, ok: true, message, hint: "" };
}

export function problem(check: string, message: string, hint: string): Finding {
  return { check, ok: false, message, hint };
}

/** One finding for a whole group: its problems, or that there are none. */
export function problemsOr(check: string, problems: readonly Finding[], otherwise: string): readonly Finding[] {
  return problems.length > 0 ? problems : [fine(check, otherwise)];
}
