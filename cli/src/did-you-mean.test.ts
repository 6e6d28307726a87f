import assert from "node:assert/strict";
import { editDistance, nearestWord } from "./did-you-mean.ts";

describe("the word that was meant", () => {
  const commands = ["nodes list", "nodes logs", "assets list", "ingest", "status"];

  it("is the nearest one", () => {
    assert.equal(nearestWord("nodes lst", commands), "nodes list");
    assert.equal(nearestWord("ignest", commands), "ingest");
    assert.equal(nearestWord("stat", commands), "status");
  });

  it("is not guessed when nothing is near", () => {
    assert.equal(nearestWord("frobnicate", commands), undefined);
    assert.equal(nearestWord("x", commands), undefined);
    assert.equal(nearestWord("x", []), undefined);
  });

  it("counts a swap of neighbours as one slip", () => {
    assert.equal(editDistance("ignest", "ingest"), 1);
    assert.equal(editDistance("", "abc"), 3);
    assert.equal(editDistance("kitten", "sitting"), 3);
  });
});
