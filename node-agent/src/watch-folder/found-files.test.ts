import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { trialFolder } from "../store/trial-store.fixture.ts";
import { findFiles } from "./found-files.ts";

const always = (): boolean => true;

describe("a look into a watched folder", function () {
  this.timeout(60_000);

  it("reads at most a thousand files that may be taken, past whatever else lies there", async () => {
    await using folder = await trialFolder();
    const path = (name: string): string => join(folder.path, name);
    for (let number = 0; number < 1_100; number += 1) {
      const name = String(number).padStart(4, "0");
      await writeFile(path(`subtitles-${name}.srt`), "");
      await writeFile(path(`waits-${name}.mp4`), "x");
      await mkdir(path(`folder-${name}.mp4`));
      await symlink("/etc/hostname", path(`link-${name}.mp4`));
    }
    const waits = (at: string): boolean => at.includes("waits-");
    const notWaiting = (at: string): boolean => !waits(at);
    for (let number = 0; number < 20; number += 1) await writeFile(path(`film-${String(number)}.mp4`), "x");
    const { files } = await findFiles(folder.path, notWaiting);
    assert.equal(files.filter((file) => notWaiting(file.path)).length, 20);
    assert.equal(files.filter((file) => waits(file.path)).length, 1_100);
    assert.equal((await findFiles(folder.path, always)).files.length, 1_000);
  });

  it("says which names it cannot read, and leaves a sign for such that is meant", async () => {
    await using folder = await trialFolder();
    await writeFile(
      Buffer.concat([Buffer.from(join(folder.path, "caf")), Buffer.from([0xe9]), Buffer.from(".mp4")]),
      "x",
    );
    await writeFile(join(folder.path, "odd \u{fffd}.mp4"), "x");
    const { files, unreadable } = await findFiles(folder.path, always);
    assert.deepEqual([files.map(({ name }) => name), unreadable], [["odd \u{fffd}.mp4"], ["caf\u{fffd}.mp4"]]);
  });
});
