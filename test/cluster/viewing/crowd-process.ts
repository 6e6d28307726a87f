// The process that a crowd of viewers lives in: what they are in the first argument, what they noticed on standard
// output as a line of JSON each second, and once more at the end of standard input, which ends it.
import type { CrowdOptions } from "../crowd.ts";
import { Viewer } from "../viewer.ts";

const reportMs = 1_000;

const options = JSON.parse(process.argv[2] ?? "{}") as CrowdOptions;
const { viewers: count, localAddresses = [], startWithinMs = 2_000, ...watching } = options;
const leave = new AbortController();
const viewers = Array.from({ length: count }, (_, index) => {
  const localAddress = localAddresses[index % localAddresses.length];
  return new Viewer(index, { ...watching, ...(localAddress === undefined ? {} : { localAddress }) });
});
const watched = viewers.map(async (viewer, index) => {
  await new Promise((wake) => setTimeout(wake, (index * startWithinMs) / count));
  await viewer.watch(leave.signal);
});
setInterval(report, reportMs);
process.stdin.resume();
process.stdin.once("end", () => void end());

async function end(): Promise<void> {
  leave.abort();
  await Promise.all(watched);
  report();
  process.stdout.end(() => process.exit());
}

function report(): void {
  process.stdout.write(`${JSON.stringify(viewers.map((viewer) => viewer.report()))}\n`);
}
