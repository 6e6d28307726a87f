// `npm test`: every gate and every test, and a last line that counts them. Two lanes run side by side, since most of what
// clusters do is waiting; then, alone, what looks at how long something takes.
// `npm test -- --only unit` runs one part; see the table.
import { parseArgs } from "node:util";
import { countedRun, tell } from "./counted-run.ts";

interface Part {
  readonly name: string;
  readonly command: readonly string[];
  /** mocha counts its own tests; any other command is one check. */
  readonly counts: "tests" | "one";
  /** Parts of a lane run one after the other; those of `alone` when all others have ended. */
  readonly lane: "plain" | "clusters" | "alone";
}

const unitTests = ["core", "authoring", "control-plane", "node-agent", "cli", "player"].map(
  (room) => `${room}/src/**/*.test.ts`,
);
const e2e = ["mocha", "--timeout", "240000", "test/{cluster,e2e,browser}/**/*.test.ts"];
/** The one of the kills that has a time. */
const killInTime = ["--grep", "runs elsewhere within 20 s"];
/** Those in which something must happen in time, or nobody may notice anything. */
const timed = [
  ...["drain", "pause"].map((name) => `test/e2e/${name}.test.ts`),
  ...["editions", "failover", "lowest-first", "playback", "steering"].map((name) => `test/browser/${name}.test.ts`),
];
const parts: readonly Part[] = [
  { name: "format", command: ["prettier", "--check", "--log-level", "warn", "."], counts: "one", lane: "plain" },
  { name: "types", command: ["tsc", "--noEmit"], counts: "one", lane: "plain" },
  { name: "types-browser", command: ["tsc", "--noEmit", "-p", "test/browser"], counts: "one", lane: "plain" },
  { name: "types-player", command: ["tsc", "--noEmit", "-p", "player"], counts: "one", lane: "plain" },
  { name: "lint", command: ["eslint", ".", "--max-warnings", "0"], counts: "one", lane: "plain" },
  { name: "imports", command: ["npm", "run", "--silent", "lint:imports"], counts: "one", lane: "plain" },
  { name: "unused", command: ["knip"], counts: "one", lane: "plain" },
  { name: "proto", command: ["buf", "lint"], counts: "one", lane: "plain" },
  {
    name: "proto-breaking",
    command: ["buf", "breaking", "--against", "proto/released.binpb"],
    ...{ counts: "one", lane: "plain" },
  },
  { name: "unit", command: ["mocha", ...unitTests], counts: "tests", lane: "plain" },
  {
    name: "corpus",
    command: ["mocha", "--timeout", "240000", "test/corpus/*.test.ts"],
    ...{ counts: "tests", lane: "plain" },
  },
  {
    name: "simulation",
    command: ["mocha", "--timeout", "600000", "test/simulation/*.test.ts"],
    ...{ counts: "tests", lane: "plain" },
  },
  // The long cases of test/faults have a command of their own.
  {
    name: "e2e",
    command: [...e2e, ...timed.flatMap((file) => ["--ignore", file]), ...killInTime, "--invert"],
    ...{ counts: "tests", lane: "clusters" },
  },
  {
    name: "kill-in-time",
    command: ["mocha", "--timeout", "180000", "test/e2e/kills.test.ts", ...killInTime],
    ...{ counts: "tests", lane: "alone" },
  },
  { name: "timed", command: ["mocha", "--timeout", "240000", ...timed], counts: "tests", lane: "alone" },
];

const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
const chosen = parts.filter((part) => values.only === undefined || values.only.includes(part.name));
if (chosen.length === 0) {
  process.stderr.write(`no such part; there are: ${parts.map((part) => part.name).join(", ")}\n`);
  process.exit(2);
}

const total = { passed: 0, failed: 0, skipped: 0 };
await Promise.all([runLane("plain"), runLane("clusters")]);
await runLane("alone");
process.stdout.write(tell(total));
process.exit(total.failed === 0 ? 0 : 1);

async function runLane(lane: Part["lane"]): Promise<void> {
  for (const part of chosen.filter((one) => one.lane === lane)) {
    const startedAt = performance.now();
    const counted = await countedRun(part.command, part.counts, lane === "clusters" ? "at the end" : "live");
    total.passed += counted.passed;
    total.failed += counted.failed;
    total.skipped += counted.skipped;
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    process.stdout.write(`${counted.failed === 0 ? "ok    " : "FAILED"} ${part.name} (${seconds} s)\n`);
  }
}
