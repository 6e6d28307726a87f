import assert from "node:assert/strict";
import { glob, readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folders = "{authoring,cli,control-plane,core,node-agent,player,proto,setup,test}";

describe("decisions that sources name", () => {
  it("are there, under the whole name or the number that is given", async () => {
    const decisions = await readdir(`${root}/docs/decisions`);
    const named: string[] = [];
    const isLeftOut = (name: string): boolean => name === "node_modules" || name === "dist";
    const exclude = (path: string): boolean => path.split("/").some(isLeftOut);
    for await (const path of glob(`${folders}/**/*.{ts,proto,md}`, { cwd: root, exclude })) {
      const text = await readFile(`${root}/${path}`, "utf8");
      named.push(...[...text.matchAll(/docs\/decisions\/(\d{3}(?:-[\w-]+\.md)?)/g)].map(([, name = ""]) => name));
    }
    assert.ok(named.length > 0);
    const isThere = (name: string): boolean => decisions.some((file) => file === name || file.startsWith(`${name}-`));
    assert.deepEqual(
      named.filter((name) => !isThere(name)),
      [],
    );
  });
});
