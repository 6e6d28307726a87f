import assert from "node:assert/strict";
import { sampleTextTarget } from "./sample-manifest.fixture.ts";
import { namedText } from "./track-names.ts";

function namesOf(...names: readonly string[]): string[] {
  const targets = names.map((name, track) => sampleTextTarget(track, { language: "", name }));
  return namedText(targets).map(({ name }) => name);
}

describe("the names of tracks", () => {
  it("differ also once a playlist has replaced what it cannot quote", () => {
    assert.deepEqual(namesOf('He"y', "He'y"), ["He'y", "He'y (2)"]);
  });

  it("are made up where the source's say nothing that can be shown", () => {
    assert.deepEqual(namesOf("\u0001", " "), ["Subtitles 1", "Subtitles 2"]);
  });
});
