// What deletes, removes or forces asks first. Without a terminal there is nobody to ask: it needs `--yes`.
import { createInterface } from "node:readline/promises";
import { VsError } from "@vstream/core/errors.ts";

/**
 * Returns when the act is wanted.
 * @param act what will happen, as a question
 * @throws VsError confirmation_needed without a terminal, cancelled when the answer is not yes
 */
export async function confirm(act: string, options: { yes: boolean; signal: AbortSignal }): Promise<void> {
  if (options.yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new VsError("confirmation_needed", `this needs a yes: ${act}`, { hint: "Add --yes to the command" });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${act} [y/N] `, { signal: options.signal });
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    terminal.close();
  }
  throw new VsError("cancelled", "nothing was changed");
}
