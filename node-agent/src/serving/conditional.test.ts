import assert from "node:assert/strict";
import { acceptsGzip, isUnchanged, selectBytes } from "./conditional.ts";

const etag = '"abc"';

describe("selecting bytes of 100", () => {
  const cases: [string | undefined, string][] = [
    [undefined, "whole"],
    ["bytes=0-0", "0-1"],
    ["bytes=10-19", "10-20"],
    ["bytes=90-", "90-100"],
    ["bytes=90-5000", "90-100"],
    ["bytes=-7", "93-100"],
    ["bytes=-5000", "0-100"],
    ["bytes=100-", "unsatisfiable"],
    ["bytes=100-200", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=20-10", "whole"],
    ["bytes=-", "whole"],
    ["bytes=a-b", "whole"],
    ["bytes=0-9,20-29", "whole"],
    ["lines=0-9", "whole"],
    ["bytes=0-99999999999999999999", "whole"],
  ];
  for (const [range, expected] of cases) {
    it(`takes ${String(range)} as ${expected}`, () => {
      const selection = selectBytes(range === undefined ? {} : { range }, etag, 100);
      const text = selection.kind === "part" ? `${String(selection.start)}-${String(selection.end)}` : selection.kind;
      assert.equal(text, expected);
    });
  }

  it("takes the range only if If-Range names these very bytes", () => {
    const range = "bytes=0-0";
    assert.equal(selectBytes({ range, "if-range": etag }, etag, 100).kind, "part");
    assert.equal(selectBytes({ range, "if-range": '"other"' }, etag, 100).kind, "whole");
    assert.equal(selectBytes({ range, "if-range": `W/${etag}` }, etag, 100).kind, "whole");
    assert.equal(selectBytes({ range, "if-range": "Tue, 01 Jul 2025 00:00:00 GMT" }, etag, 100).kind, "whole");
  });
});

describe("what a client has already", () => {
  it("is found in a list, weak or strong, or by a star", () => {
    assert.ok(isUnchanged({ "if-none-match": `"x", W/${etag}` }, etag));
    assert.ok(isUnchanged({ "if-none-match": "*" }, etag));
    assert.ok(!isUnchanged({ "if-none-match": '"abcd"' }, etag));
    assert.ok(!isUnchanged({}, etag));
  });
});

describe("gzip", () => {
  const cases: [string | undefined, boolean][] = [
    ["gzip, deflate, br", true],
    ["br;q=1.0, GZIP;q=0.5", true],
    ["*", true],
    ["gzip;q=0", false],
    ["gzip;q=0, *", false],
    ["identity", false],
    ["", false],
    [undefined, false],
  ];
  for (const [accepted, expected] of cases) {
    it(`is ${expected ? "" : "not "}sent to who accepts ${JSON.stringify(accepted)}`, () => {
      assert.equal(acceptsGzip(accepted === undefined ? {} : { "accept-encoding": accepted }), expected);
    });
  }
});
