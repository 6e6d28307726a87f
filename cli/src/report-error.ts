// How vsctl ends when something went wrong: what happened, to which thing, and what to try next; never a stack,
// unless DEBUG is set.
import { styleText } from "node:util";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { ExitCode } from "@vstream/core/errors.ts";
import { escapeText } from "./escape-text.ts";

/** Says it on standard error, or as JSON on standard output. Returns the exit code. */
export function reportError(error: VsError, options: { json: boolean; oneLine: boolean }): ExitCode {
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ error: error.toFailure() }, null, options.oneLine ? 0 : 2)}\n`);
  } else {
    const mark = styleText("red", "Error:", { stream: process.stderr });
    process.stderr.write(`${mark} ${inLines(error.message)} (${error.code})\n`);
    if (error.hint !== "") process.stderr.write(`Hint: ${inLines(error.hint)}\n`);
  }
  if (process.env["DEBUG"] !== undefined) process.stderr.write(`${stackOf(error)}\n`);
  return error.exitCode;
}

/** Anything thrown, as an error to report; what oclif's parser says, or adds to a flag's own error, becomes plain. */
export async function explainThrown(thrown: unknown, context: { commandId: string | undefined }): Promise<VsError> {
  const rewritten = thrown instanceof VsError && thrown.message.startsWith("Parsing --");
  if (!rewritten && !isOclifError(thrown)) return asVsError(thrown);
  const { explainParseError } = await import("./explain-parse-error.ts");
  return await explainParseError(thrown, context.commandId);
}

function isOclifError(thrown: unknown): thrown is Error {
  return thrown instanceof Error && "oclif" in thrown;
}

// Messages of several lines stay so; each is escaped by itself.
function inLines(text: string): string {
  return text.split("\n").map(escapeText).join("\n");
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${stackOf(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}
