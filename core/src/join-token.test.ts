import assert from "node:assert/strict";
import { VsError } from "./errors.ts";
import type { Sha256 } from "./ids.ts";
import { formatToken, hashSecret, mintToken, parseToken } from "./join-token.ts";

const authority = "ab".repeat(32) as Sha256;

describe("tokens as text", () => {
  it("come back as they were made", () => {
    const token = mintToken(authority, 1_700_000_000_000);
    assert.deepEqual(parseToken(` ${formatToken(token)}\n`), token);
  });

  it("are never the same twice, and only their hash is to be kept", () => {
    const [one, two] = [mintToken(authority, 0), mintToken(authority, 0)];
    assert.notEqual(one.secret, two.secret);
    assert.ok(!hashSecret(one.secret).includes(one.secret));
  });

  for (const text of ["", "vst", "vst.a.b.c", `vst.to.${"x".repeat(43)}.${authority}`, "x".repeat(10_000)]) {
    it(`are refused when they read ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.throws(
        () => parseToken(text),
        (thrown) => thrown instanceof VsError && thrown.code === "token_invalid",
      );
    });
  }
});
