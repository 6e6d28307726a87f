import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { guardedArguments, guardProgram, memoryForPictures } from "./process-guard.ts";

describe("the limits of a program", () => {
  const limitIn = (limit?: number): number => {
    const args = guardedArguments("sh", ["-c", "ulimit -v"], process.pid, limit);
    return Number(execFileSync(guardProgram, args, { encoding: "utf8" }));
  };

  it("are those of every run, or lower ones", () => {
    const usual = limitIn();
    assert.ok(usual <= 8 * 1024 * 1024);
    assert.equal(limitIn(1024 * 1024), 1024 * 1024);
  });

  it("of a decoder without a limit on pixels follow from its pictures, and are never higher than others", () => {
    const small = memoryForPictures(192 * 108);
    assert.ok(small >= 2 * 1024 * 1024 && small < 2.1 * 1024 * 1024, String(small));
    assert.ok(memoryForPictures(3840 * 2160) > small);
    assert.ok(memoryForPictures(3840 * 2160) < 4 * 1024 * 1024);
    assert.equal(memoryForPictures(65_535 * 65_535), 8 * 1024 * 1024);
  });
});
