// `npm test`: every gate and every test, one after the other, and a last line that counts them.
// `npm test -- --only unit` runs one part; see the table.
import { parseArgs } from "node:util";
import { countedRun, tell } from "./counted-run.ts";

interface Part {
  readonly name: string;
  readonly command: readonly string[];
  /** mocha counts its own tests; any other command is one check. */
  readonly counts: "tests" | "one";
}

const unitTests = ["core", "authoring", "control-plane", "node-agent", "cli", "player"].map(
  (room) => `${room}/src/**/*.test.ts`,
);
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
  { name: "corpus", command: ["mocha", "--timeout", "120000", "test/corpus/*.test.ts"], counts: "tests" },
  { name: "simulation", command: ["mocha", "--timeout", "600000", "test/simulation/*.test.ts"], counts: "tests" },
  // The long cases of test/faults have a command of their own.
  {
    name: "e2e",
    command: ["mocha", "--timeout", "180000", "test/{cluster,e2e,browser}/**/*.test.ts"],
    counts: "tests",
  },
];

const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
const chosen = parts.filter((part) => values.only === undefined || values.only.includes(part.name));
if (chosen.length === 0) {
  process.stderr.write(`no such part; there are: ${parts.map((part) => part.name).join(", ")}\n`);
  process.exit(2);
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const part of chosen) {
  const startedAt = performance.now();
  const counted = await countedRun(part.command, part.counts);
  total.passed += counted.passed;
  total.failed += counted.failed;
  total.skipped += counted.skipped;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${counted.failed === 0 ? "ok    " : "FAILED"} ${part.name} (${seconds} s)\n`);
}
process.stdout.write(tell(total));
process.exit(total.failed === 0 ? 0 : 1);
