import assert from "node:assert/strict";
import { newLines } from "./new-lines.ts";

describe("what is new in the end of a log", () => {
  it("is what follows the part that is known", () => {
    assert.deepEqual(newLines([], ["a", "b"]), ["a", "b"]);
    assert.deepEqual(newLines(["a", "b"], ["a", "b", "c"]), ["c"]);
    assert.deepEqual(newLines(["a", "b", "c"], ["b", "c", "d", "e"]), ["d", "e"]);
    assert.deepEqual(newLines(["a", "a"], ["a", "a"]), []);
  });

  it("is all of it when nothing is shared any more", () => {
    assert.deepEqual(newLines(["a"], ["x", "y"]), ["x", "y"]);
  });
});
