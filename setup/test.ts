// `npm test`: every gate and every test, and a last line that counts them. Two lanes run side by side, since most of
// what clusters do is waiting; then, with nothing else to disturb it, what looks at how long something takes: that waits
// nearly all the time, so three lanes of it disturb each other little.
// `npm test -- --only unit` runs one part; see the table.
import { parseArgs } from "node:util";
import { countedRun, tell } from "./counted-run.ts";

interface Part {
  readonly name: string;
  readonly command: readonly string[];
  /** mocha counts its own tests; any other command is one check. */
  readonly counts: "tests" | "one";
  readonly lane: Lane;
}

/** Lanes of a stage run side by side, the parts of a lane one after the other. */
const stages = [
  ["plain", "clusters"],
  ["timed clusters", "timed player", "timed editions"],
] as const;
type Lane = (typeof stages)[number][number];

const unitTests = ["core", "authoring", "control-plane", "node-agent", "cli", "player"].map(
  (room) => `${room}/src/**/*.test.ts`,
);
/** The one of the kills that has a time. */
const killInTime = ["--grep", "runs elsewhere within 20 s"];
/** Those in which something must happen in time, or nobody may notice anything. */
const timed = {
  clusters: ["drain", "pause"].map((name) => `test/e2e/${name}.test.ts`),
  player: ["failover", "lowest-first", "playback", "steering"].map((name) => `test/browser/${name}.test.ts`),
  editions: ["test/browser/editions.test.ts"],
};
const mocha = ["mocha", "--timeout", "240000"];
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
    command: [...mocha, "test/corpus/*.test.ts"],
    ...{ counts: "tests", lane: "plain" },
  },
  // The long cases of test/faults have a command of their own.
  {
    name: "e2e",
    command: [
      ...[...mocha, "test/{cluster,e2e,browser}/**/*.test.ts", ...killInTime, "--invert"],
      ...Object.values(timed)
        .flat()
        .flatMap((file) => ["--ignore", file]),
    ],
    ...{ counts: "tests", lane: "clusters" },
  },
  {
    name: "simulation",
    command: ["mocha", "--timeout", "600000", "test/simulation/*.test.ts"],
    ...{ counts: "tests", lane: "clusters" },
  },
  {
    name: "timed-clusters",
    command: [...mocha, ...timed.clusters],
    ...{ counts: "tests", lane: "timed clusters" },
  },
  {
    name: "kill-in-time",
    command: [...mocha, "test/e2e/kills.test.ts", ...killInTime],
    ...{ counts: "tests", lane: "timed clusters" },
  },
  { name: "timed-player", command: [...mocha, ...timed.player], counts: "tests", lane: "timed player" },
  { name: "timed-editions", command: [...mocha, ...timed.editions], counts: "tests", lane: "timed editions" },
];

const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
const chosen = parts.filter((part) => values.only === undefined || values.only.includes(part.name));
if (chosen.length === 0) {
  process.stderr.write(`no such part; there are: ${parts.map((part) => part.name).join(", ")}\n`);
  process.exit(2);
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const [first, ...others] of stages) {
  await Promise.all([runLane(first, "live"), ...others.map((lane) => runLane(lane))]);
}
process.stdout.write(tell(total));
process.exit(total.failed === 0 ? 0 : 1);

/** Only one lane of a stage shows its output as it comes. */
async function runLane(lane: Lane, shown: "live" | "at the end" = "at the end"): Promise<void> {
  for (const part of chosen.filter((one) => one.lane === lane)) {
    const startedAt = performance.now();
    const counted = await countedRun(part.command, part.counts, shown);
    total.passed += counted.passed;
    total.failed += counted.failed;
    total.skipped += counted.skipped;
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    process.stdout.write(`${counted.failed === 0 ? "ok    " : "FAILED"} ${part.name} (${seconds} s)\n`);
  }
}
