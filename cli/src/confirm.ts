// What deletes, removes or forces asks first. Without a terminal there is nobody to ask: it needs `--yes`.
import { createInterface } from "node:readline/promises";
import { VsError } from "@vstream/core/errors.ts";

export interface Confirmation {
  readonly yes: boolean;
  readonly signal: AbortSignal;
  readonly beforehand?: () => Promise<string>;
}

/**
 * Returns when the act is wanted.
 * @param act what will happen, as a question
 * @param options.beforehand what somebody should know who is about to answer; not asked for when nobody answers
 * @throws VsError confirmation_needed without a terminal, cancelled when the answer is not yes
 */
export async function confirm(act: string, options: Confirmation): Promise<void> {
  if (options.yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new VsError("confirmation_needed", `this needs a yes: ${act}`, { hint: "Add --yes to the command" });
  }
  const known = await options.beforehand?.();
  if (known !== undefined) process.stderr.write(`${known}\n`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${act} [y/N] `, { signal: options.signal });
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    terminal.close();
  }
  throw new VsError("cancelled", "nothing was changed");
}
