// Runs one part of the tests with its output on this terminal, and counts what passed.
import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * @param counts `tests`: mocha counts its own; `one`: the whole command is one check
 * @param shown when its output is: of what runs beside something else at the end, so that lines stay together
 */
export async function countedRun(
  command: readonly string[],
  counts: "tests" | "one",
  shown: "live" | "at the end" = "live",
): Promise<Count> {
  const { code, output } = await run(command, shown === "live");
  if (shown === "at the end") process.stdout.write(output);
  const counted = counts === "tests" ? countOf(output) : { passed: 0, failed: 0, skipped: 0 };
  // A part that ended badly counts as a failure even if no test of it is named as failed.
  if (counts === "one" && code === 0) counted.passed = 1;
  if (code !== 0 && counted.failed === 0) counted.failed = 1;
  if (counts === "tests" && code === 0 && counted.passed + counted.skipped === 0) counted.failed = 1;
  return counted;
}

/** `12 passed, 0 failed`, and what was skipped if anything was. */
export function tell({ passed, failed, skipped }: Count): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}\n`;
}

async function run(
  [program = "", ...args]: readonly string[],
  isLive: boolean,
): Promise<{ code: number; output: string }> {
  return await new Promise((settle) => {
    const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (bytes: Buffer) => {
      output += bytes.toString();
      if (isLive) process.stdout.write(bytes);
    });
    child.once("error", (cause) => {
      settle({ code: 1, output: cause.message });
    });
    child.once("close", (code) => {
      settle({ code: code ?? 1, output });
    });
  });
}

function countOf(output: string): Count {
  const count = (word: string): number => Number(new RegExp(`^\\s*(\\d+) ${word}`, "m").exec(output)?.[1] ?? 0);
  return { passed: count("passing"), failed: count("failing"), skipped: count("pending") };
}
