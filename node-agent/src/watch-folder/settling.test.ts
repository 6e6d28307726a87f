import assert from "node:assert/strict";
import { MovedClock } from "../tasks/moved-clock.fixture.ts";
import type { FoundFile } from "./found-files.ts";
import { Settling } from "./settling.ts";

function file(change: Partial<FoundFile> = {}): FoundFile {
  return { path: "/in/a.mp4", name: "a.mp4", bytes: 100, modifiedAtMs: 0, inode: "1:1", ...change };
}

describe("a file in a watched folder has settled", () => {
  const settled = (settling: Settling, ...found: FoundFile[]): string[] =>
    settling.settled(found).map(({ path }) => path);

  it("when it was the same for as long as was set", async () => {
    const clock = new MovedClock();
    const settling = new Settling(clock, 10_000);
    assert.deepEqual(settled(settling, file()), []);
    await clock.advance(9_999);
    assert.deepEqual(settled(settling, file()), []);
    await clock.advance(1);
    assert.deepEqual(settled(settling, file()), ["/in/a.mp4"]);
  });

  it("not while it grows, is written to, or is replaced", async () => {
    for (const change of [{ bytes: 101 }, { modifiedAtMs: 1 }, { inode: "1:2" }]) {
      const clock = new MovedClock();
      const settling = new Settling(clock, 10_000);
      settled(settling, file());
      await clock.advance(9_000);
      settled(settling, file(change));
      await clock.advance(9_000);
      assert.deepEqual(settled(settling, file(change)), []);
      await clock.advance(1_000);
      assert.deepEqual(settled(settling, file(change)), ["/in/a.mp4"]);
    }
  });

  it("not when it says that it was modified just now, but when that has not come yet", async () => {
    const clock = new MovedClock();
    const settling = new Settling(clock, 10_000);
    const [young, future] = [file({ modifiedAtMs: 5_000 }), file({ path: "/in/b.mp4", modifiedAtMs: 1e12 })];
    settled(settling, young, future);
    await clock.advance(10_000);
    assert.deepEqual(settled(settling, young, future), ["/in/b.mp4"]);
  });

  it("is forgotten when a look does not find it, and the oldest comes first", async () => {
    const clock = new MovedClock();
    const settling = new Settling(clock, 10_000);
    const [young, old] = [file({ modifiedAtMs: 2 }), file({ path: "/in/b.mp4", modifiedAtMs: 1 })];
    settled(settling, young, old);
    await clock.advance(10_002);
    assert.deepEqual(settled(settling, young, old), ["/in/b.mp4", "/in/a.mp4"]);
    settled(settling, old);
    assert.deepEqual(settled(settling, young, old), ["/in/b.mp4"]);
  });
});
