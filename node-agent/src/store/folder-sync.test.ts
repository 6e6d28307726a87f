// fsync of folders, shared.
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { FolderSync } from "./folder-sync.ts";
import { Turns } from "./turns.ts";

describe("folder sync", () => {
  it("resolves for everybody who asks at once", async () => {
    const folders = new FolderSync();
    await Promise.all(Array.from({ length: 50 }, () => folders.sync(tmpdir())));
    await folders.sync(tmpdir());
  });

  it("tells everybody who asked when it fails, and tries afresh for the next", async () => {
    const folders = new FolderSync();
    const asked = await Promise.allSettled([folders.sync("/nowhere"), folders.sync("/nowhere")]);
    assert.deepEqual(
      asked.map((outcome) => outcome.status),
      ["rejected", "rejected"],
    );
    await assert.rejects(folders.sync("/nowhere"), { code: "ENOENT" });
  });
});

describe("turns", () => {
  it("runs acts on one key in order and acts on others beside them", async () => {
    const turns = new Turns();
    const said: string[] = [];
    const first = Promise.withResolvers<undefined>();
    const acts = [
      turns.take("a", async () => {
        await first.promise;
        said.push("a1");
        throw new Error("failed");
      }),
      turns.take("a", () => Promise.resolve(said.push("a2"))),
      turns.take("b", () => Promise.resolve(said.push("b"))),
    ];
    await acts[2];
    first.resolve(undefined);
    await Promise.allSettled(acts);
    assert.deepEqual(said, ["b", "a1", "a2"]);
  });
});
