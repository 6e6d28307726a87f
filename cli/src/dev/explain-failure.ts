// Why a program of a local cluster did not start, from what it wrote to its log: its own error, with its own code.
import { readFileSync } from "node:fs";
import { VsError, isErrorCode } from "@vstream/core/errors.ts";
import type { ErrorCode } from "@vstream/core/errors.ts";

const shownLines = 8;

export interface FailedProgram {
  readonly name: string;
  readonly logFile: string;
  /** Where in the log this run begins. */
  readonly logStart: number;
}

/** @param how what became of it: `exit code 6`, `does not answer after 60 s` */
export function explainFailure(program: FailedProgram, how: string): VsError {
  const lines = linesOf(program);
  // A program ends with a plain sentence for people, beside its structured log.
  const plain = lines.filter((line) => !line.startsWith("{"));
  const shown = (plain.length > 0 ? plain : lines.map(readable)).slice(-shownLines).map((line) => `  ${line}`);
  const said = shown.length === 0 ? "; it said nothing" : `:\n${shown.join("\n")}`;
  return new VsError(codeIn(lines) ?? codeFor(how), `${program.name} did not start (${how})${said}`, {
    hint: `See all that it said in ${program.logFile}`,
  });
}

function linesOf({ logFile, logStart }: FailedProgram): string[] {
  try {
    return readFileSync(logFile).subarray(logStart).toString("utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}

// The programs' last words are a JSON line at level fatal that carries the error's code.
function codeIn(lines: readonly string[]): ErrorCode | undefined {
  for (const line of lines.toReversed()) {
    const { level, code } = fieldsOf(line);
    if (level === "fatal" && typeof code === "string" && isErrorCode(code)) return code;
  }
  return undefined;
}

function readable(line: string): string {
  const { level, msg, component } = fieldsOf(line);
  return [level, component, msg].filter((word) => typeof word === "string").join("  ");
}

function fieldsOf(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function codeFor(how: string): ErrorCode {
  switch (how) {
    case "exit code 2":
      return "invalid_config";
    case "exit code 6":
      return "conflict";
    default:
      return how.startsWith("exit") || how.startsWith("SIG") ? "internal" : "timed_out";
  }
}
