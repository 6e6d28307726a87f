// The cluster under faults that a seed chooses: every seed keeps the invariants, the same seed tells the same story,
// and a bug that is planted is found. A seed that once found something is kept, and run each time.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { plantedBugs } from "./planted-bugs.ts";
import type { PlantedBug } from "./planted-bugs.ts";
import { CatalogFolder } from "./sim-catalog.ts";
import { simulate } from "./simulation.ts";
import type { SimulationResult } from "./simulation.ts";

/** A seed that found something, and what; kept when it was mended. */
interface KeptSeed {
  readonly seed: number;
  readonly found: string;
}

const seeds = 200;
/** In one test, so that a failure is told early. */
const seedsPerTest = 20;
/** Of the seeds that a planted bug may take to be found. */
const bugLimit = 200;

// Written by hand beside this file: it fits.
const kept = JSON.parse(readFileSync(new URL("./kept-seeds.json", import.meta.url), "utf8")) as readonly KeptSeed[];

describe("a simulated cluster", function () {
  this.timeout(180_000);
  let folder: CatalogFolder;

  before(async () => {
    folder = await CatalogFolder.make();
  });

  after(() => {
    folder[Symbol.dispose]();
  });

  for (let first = 1; first <= seeds; first += seedsPerTest) {
    it(`keeps the invariants, seeds ${first} to ${first + seedsPerTest - 1}`, async () => {
      const failures: string[] = [];
      for (let seed = first; seed < first + seedsPerTest; seed += 1) {
        failures.push(...failuresOf(await simulate(folder, { seed })));
      }
      assert.deepEqual(failures, []);
    });
  }

  for (const { seed, found } of kept) {
    it(`keeps the invariants with seed ${seed}, which once found: ${found}`, async () => {
      assert.deepEqual(failuresOf(await simulate(folder, { seed })), []);
    });
  }

  it("tells the same story for the same seed, and another for another", async () => {
    const first = await simulate(folder, { seed: 7 });
    const again = await simulate(folder, { seed: 7 });
    const other = await simulate(folder, { seed: 8 });
    assert.equal(again.historyHash, first.historyHash);
    assert.equal(again.events, first.events);
    assert.notEqual(other.historyHash, first.historyHash);
  });

  for (const bug of plantedBugs) {
    it(`finds a planted bug: ${bug}`, async function () {
      const found = await firstFinding(folder, bug);
      assert.ok(found !== null, `${bug} was not found in ${bugLimit} seeds`);
      this.test!.title += ` (with seed ${found.seed}, ${found.violations[0]?.invariant ?? ""})`;
    });
  }
});

// Only what the bug itself brings counts: the seed must hold without it.
async function firstFinding(folder: CatalogFolder, bug: PlantedBug): Promise<SimulationResult | null> {
  for (let seed = 1; seed <= bugLimit; seed += 1) {
    const result = await simulate(folder, { seed, bug });
    if (result.violations.length === 0) continue;
    if ((await simulate(folder, { seed })).violations.length === 0) return result;
  }
  return null;
}

function failuresOf({ seed, violations }: SimulationResult): string[] {
  return violations.map(
    ({ invariant, atMs, what }) =>
      `${invariant} at ${(atMs / 1_000).toFixed(1)} s: ${what}; again: node test/simulation/simulate.ts --seed ${seed} --trace`,
  );
}
