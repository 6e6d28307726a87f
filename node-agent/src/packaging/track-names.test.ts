import assert from "node:assert/strict";
import { sampleAudio, sampleTextTarget } from "./sample-manifest.fixture.ts";
import { namedAudio, namedText } from "./track-names.ts";

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

  it("go with the one that plays unless a viewer chooses, which a player may take by itself", () => {
    const flags = (targets: readonly { isDefault: boolean; autoselect: boolean }[]): boolean[][] =>
      targets.map(({ isDefault, autoselect }) => [isDefault, autoselect]);
    const audio = (...defaults: readonly boolean[]): boolean[][] =>
      flags(namedAudio(defaults.map((defaultTrack, track) => ({ ...sampleAudio(track, "en").target, defaultTrack }))));
    const text = (...defaults: readonly boolean[]): boolean[][] =>
      flags(namedText(defaults.map((defaultTrack, track) => sampleTextTarget(track, { defaultTrack }))));
    const [plain, first, both] = [
      [false, false],
      [false, true],
      [true, true],
    ];
    assert.deepEqual(audio(false, true, true), [plain, both, plain]);
    assert.deepEqual(audio(false, false), [both, plain]);
    assert.deepEqual(text(false, true), [plain, both]);
    assert.deepEqual(text(false, false), [first, plain]);
  });
});
