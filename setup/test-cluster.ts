// `npm run test:cluster`: the long cases of test/faults, one after the other, each in a cluster of its own.
// `npm run test:cluster -- drain viewers` runs those whose names hold one of these words.
import { globSync } from "node:fs";
import { basename } from "node:path";
import { countedRun, root, tell } from "./counted-run.ts";

const files = globSync("test/faults/*.test.ts", { cwd: root }).sort();
const wanted = process.argv.slice(2);
const names = files.map((file) => basename(file, ".test.ts"));
const chosen = files.filter((_, index) => wanted.length === 0 || wanted.some((word) => names[index]?.includes(word)));
if (chosen.length === 0) {
  process.stderr.write(`no such case; there are: ${names.join(", ")}\n`);
  process.exit(2);
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const file of chosen) {
  const counted = await countedRun(["mocha", file], "tests");
  total.passed += counted.passed;
  total.failed += counted.failed;
  total.skipped += counted.skipped;
}
process.stdout.write(tell(total));
process.exit(total.failed === 0 ? 0 : 1);
