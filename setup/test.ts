// `npm test`: every gate and every test, one after the other, and a last line that counts them.
// `npm test -- --only unit` runs one part; see the table.
import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

interface Part {
  readonly name: string;
  readonly command: readonly string[];
  /** mocha counts its own tests; any other command is one check. */
  readonly counts: "tests" | "one";
}

const unitTests = ["core", "control-plane", "node-agent", "cli", "player"].map((room) => `${room}/src/**/*.test.ts`);
const parts: readonly Part[] = [
  { name: "format", command: ["prettier", "--check", "--log-level", "warn", "."], counts: "one" },
  { name: "types", command: ["tsc", "--noEmit"], counts: "one" },
  { name: "types-browser", command: ["tsc", "--noEmit", "-p", "test/browser"], counts: "one" },
  { name: "types-player", command: ["tsc", "--noEmit", "-p", "player"], counts: "one" },
  { name: "lint", command: ["eslint", ".", "--max-warnings", "0"], counts: "one" },
  { name: "imports", command: ["npm", "run", "--silent", "lint:imports"], counts: "one" },
  { name: "unused", command: ["knip"], counts: "one" },
  { name: "proto", command: ["buf", "lint"], counts: "one" },
  { name: "proto-breaking", command: ["buf", "breaking", "--against", "proto/released.binpb"], counts: "one" },
  { name: "unit", command: ["mocha", ...unitTests], counts: "tests" },
  { name: "e2e", command: ["mocha", "--timeout", "180000", "test/**/*.test.ts"], counts: "tests" },
];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
const chosen = parts.filter((part) => values.only === undefined || values.only.includes(part.name));
if (chosen.length === 0) {
  process.stderr.write(`no such part; there are: ${parts.map((part) => part.name).join(", ")}\n`);
  process.exit(2);
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const part of chosen) {
  const startedAt = performance.now();
  const { code, output } = await run(part.command);
  const counted = part.counts === "tests" ? countOf(output) : { passed: 0, failed: 0, skipped: 0 };
  // A part that ended badly counts as a failure even if no test of it is named as failed.
  if (part.counts === "one" && code === 0) counted.passed = 1;
  if (code !== 0 && counted.failed === 0) counted.failed = 1;
  if (part.counts === "tests" && code === 0 && counted.passed === 0) counted.failed = 1;
  total.passed += counted.passed;
  total.failed += counted.failed;
  total.skipped += counted.skipped;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${counted.failed === 0 ? "ok    " : "FAILED"} ${part.name} (${seconds} s)\n`);
}
const skipped = total.skipped === 0 ? "" : `, ${total.skipped} skipped`;
process.stdout.write(`${total.passed} passed, ${total.failed} failed${skipped}\n`);
process.exit(total.failed === 0 ? 0 : 1);

async function run([program = "", ...args]: readonly string[]): Promise<{ code: number; output: string }> {
  return await new Promise((settle) => {
    const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (bytes: Buffer) => {
      output += bytes.toString();
      process.stdout.write(bytes);
    });
    child.once("error", (cause) => {
      settle({ code: 1, output: cause.message });
    });
    child.once("close", (code) => {
      settle({ code: code ?? 1, output });
    });
  });
}

function countOf(output: string): { passed: number; failed: number; skipped: number } {
  const count = (word: string): number => Number(new RegExp(`^\\s*(\\d+) ${word}`, "m").exec(output)?.[1] ?? 0);
  return { passed: count("passing"), failed: count("failing"), skipped: count("pending") };
}
