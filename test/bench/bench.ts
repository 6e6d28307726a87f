// `npm run bench`: the performance table. Every figure stands beside a rival that was measured in the same run, so
// that what is compared is the software and not the machine. `-- --only NAME` runs one row, `-- --json FILE` writes all.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { encodeMeasurements } from "./encode-rows.ts";
import { memoryMeasurements } from "./memory-rows.ts";
import { placementMeasurements } from "./placement-rows.ts";
import { playableMeasurements } from "./playable-rows.ts";
import { qualityMeasurements } from "./quality-rows.ts";
import { repairMeasurements } from "./repair-rows.ts";
import type { Row } from "./row.ts";
import { scaleMeasurements } from "./scale-rows.ts";
import { startUpMeasurements } from "./start-up-rows.ts";
import { viewerMeasurements } from "./viewer-rows.ts";

const measurements = [
  ...startUpMeasurements,
  ...memoryMeasurements,
  ...scaleMeasurements,
  ...placementMeasurements,
  ...repairMeasurements,
  ...viewerMeasurements,
  ...playableMeasurements,
  ...encodeMeasurements,
  ...qualityMeasurements,
];
const { values } = parseArgs({ options: { json: { type: "string" }, only: { type: "string", multiple: true } } });
const chosen = measurements.filter((one) => values.only === undefined || values.only.includes(one.name));
if (chosen.length === 0) {
  process.stderr.write(`no such row; there are: ${measurements.map((one) => one.name).join(", ")}\n`);
  process.exit(2);
}

const rows: Row[] = [];
print(["row", "value", "unit", "against", "value", "ratio", "bar", "ok"]);
for (const one of chosen) {
  for (const row of await one.measure()) {
    rows.push(row);
    print([
      row.name,
      figure(row.value),
      row.unit,
      row.against,
      figure(row.againstValue),
      figure(row.ratio),
      row.bar,
      row.ok ? "yes" : "NO",
    ]);
  }
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
process.exit(rows.every((row) => row.ok) ? 0 : 1);

function print(cells: readonly string[]): void {
  const widths = [30, 9, 8, 44, 9, 7, 16, 3];
  process.stdout.write(`${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join("  ")}\n`);
}

function figure(value: number): string {
  return Number.isNaN(value) ? "–" : value.toPrecision(4);
}
