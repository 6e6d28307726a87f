// Runs simulations and prints the seeds that found something, with how to run each again. Ends with 1 when any did.
// `--seeds N [--from SEED]`, or `--seed SEED [--trace]`; `--bug NAME` plants one.
import { parseArgs } from "node:util";
import { openLog } from "@vstream/core/log.ts";
import { plantedBugs } from "./planted-bugs.ts";
import { CatalogFolder } from "./sim-catalog.ts";
import { simulate } from "./simulation.ts";
import type { SimulationResult } from "./simulation.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    bug: { type: "string" },
  },
});

const bug = plantedBugs.find((name) => name === values.bug) ?? null;
const trace = values.trace ? { print, log: openLog({ program: "simulation", level: "debug" }).log } : {};
const from = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
using folder = await CatalogFolder.make();
const startedAt = performance.now();
const failed: SimulationResult[] = [];
let simulatedMs = 0;
let events = 0;
for (let seed = from; seed < from + count; seed += 1) {
  const result = await simulate(folder, { seed, bug, ...trace });
  simulatedMs += result.simulatedMs;
  events += result.events;
  if (result.violations.length === 0) continue;
  failed.push(result);
  tellFailure(result);
}
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
const minutes = Math.round(simulatedMs / 60_000);
print(`${count - failed.length} of ${count} seeds held; ${minutes} minutes and ${events} events in ${seconds} s`);
process.exitCode = failed.length === 0 ? 0 : 1;

function tellFailure({ seed, violations }: SimulationResult): void {
  print(`seed ${seed} failed:`);
  for (const { invariant, atMs, what } of violations.slice(0, 6)) {
    print(`  ${invariant} at ${(atMs / 1_000).toFixed(1)} s: ${what}`);
  }
  const planted = bug === null ? "" : ` --bug ${bug}`;
  print(`  again: node test/simulation/simulate.ts --seed ${seed}${planted} --trace`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
