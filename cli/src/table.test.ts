import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { formatFields, formatTable } from "./table.ts";

const rows = [
  { name: "eu-1", bytes: 5 },
  { name: "a much longer name", bytes: 12_345 },
];
const columns = [
  { title: "NAME", value: (row: { name: string }) => row.name },
  { title: "BYTES", value: (row: { bytes: number }) => String(row.bytes), align: "right" },
] as const;

describe("tables", () => {
  it("align their columns without lines", async () => {
    const lines = stripVTControlCharacters(await formatTable(rows, [...columns])).split("\n");
    assert.deepEqual(lines, ["NAME                 BYTES", "eu-1                     5", "a much longer name   12345"]);
  });

  it("show what would steer the terminal", async () => {
    const table = stripVTControlCharacters(await formatTable([{ name: "\u001b[2Jx", bytes: 1 }], [...columns]));
    assert.ok(table.includes(String.raw`\x1b[2Jx`), table);
  });

  it("align wide letters by what they take", async () => {
    const table = await formatTable([{ name: "東京", bytes: 1 }, ...rows], [...columns]);
    assert.ok(stripVTControlCharacters(table).includes("東京                     1"), table);
  });
});

describe("fields", () => {
  it("have one width of names", () => {
    const text = stripVTControlCharacters(
      formatFields([
        ["id", "x"],
        ["longer", "y\nz"],
      ]),
    );
    assert.equal(text, "id      x\nlonger  y\\nz");
  });
});
