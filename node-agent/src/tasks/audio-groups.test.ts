import assert from "node:assert/strict";
import { AudioGroups } from "./audio-groups.ts";

describe("audio groups", () => {
  it("hands out a chunk's segments as soon as they are all there", () => {
    const groups = new AudioGroups<string>([1, 2, 1]);
    assert.deepEqual(groups.add(["a", "b"]), [{ chunk: 0, segments: ["a"] }]);
    assert.deepEqual(groups.add(["c"]), [{ chunk: 1, segments: ["b", "c"] }]);
  });

  it("keeps the last chunk until the track has ended", () => {
    const groups = new AudioGroups<string>([1, 1]);
    assert.deepEqual(groups.add(["a", "b"]), [{ chunk: 0, segments: ["a"] }]);
    assert.deepEqual(groups.finish(), [{ chunk: 1, segments: ["b"] }]);
  });

  it("gives the last chunk a segment that the video does not have", () => {
    const groups = new AudioGroups<string>([1, 1]);
    groups.add(["a", "b", "c"]);
    assert.deepEqual(groups.finish(), [{ chunk: 1, segments: ["b", "c"] }]);
  });

  it("gives every chunk a group though the track is a segment short", () => {
    const groups = new AudioGroups<string>([1, 1]);
    groups.add(["a"]);
    assert.deepEqual(groups.finish(), [{ chunk: 1, segments: [] }]);
  });
});
