import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { VsError, asVsError, errorKinds } from "./errors.ts";

describe("error codes", () => {
  it("are documented in docs/errors.md, all of them and no others, with their exit code and whether they pass", async () => {
    const text = await readFile(new URL("../../docs/errors.md", import.meta.url), "utf8");
    const rows = [...text.matchAll(/^\| *`(\w+)` *\| *(\d+) *\| *(yes|no) *\|/gm)];
    const documented = Object.fromEntries(
      rows.map(([, code = "", exit, passes]) => [code, { exitCode: Number(exit), retryable: passes === "yes" }]),
    );
    assert.deepEqual(documented, { ...errorKinds });
  });

  it("make anything thrown an error with a code, and keep what has one", () => {
    const refusal = new VsError("not_media", "a.txt is not media", { hint: "name a film" });
    assert.equal(asVsError(refusal), refusal);
    assert.equal(asVsError(new TypeError("x is not a function")).code, "internal");
    assert.deepEqual(VsError.fromFailure(refusal.toFailure()).toFailure(), refusal.toFailure());
  });
});
