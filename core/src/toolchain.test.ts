import assert from "node:assert/strict";
import { encodesHevc, makesSame, plainToolchain, wholeToolchain } from "./toolchain.ts";

describe("a toolchain", () => {
  const [plain, whole, other] = [wholeToolchain("a", null), wholeToolchain("a", "x"), wholeToolchain("a", "y")];

  it("says whether it encodes HEVC, and what all but that is made with", () => {
    assert.deepEqual([plain, whole].map(encodesHevc), [false, true]);
    assert.deepEqual([plain, whole].map(plainToolchain), ["a", "a"]);
  });

  it("makes the same as one that differs in HEVC alone, but for HEVC", () => {
    assert.ok(makesSame(whole, plain) && makesSame(whole, whole) && makesSame(plain, plain));
    assert.ok(!makesSame(plain, whole) && !makesSame(other, whole) && !makesSame("b+x", plain));
  });
});
