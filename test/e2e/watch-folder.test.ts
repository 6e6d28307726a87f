// A folder that a real agent watches: what is put there becomes an asset, once, whatever happens to the agent.
import assert from "node:assert/strict";
import { appendFile, copyFile, mkdir, readFile, readdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Cluster, eventually } from "../cluster/cluster.ts";
import type { AssetJson } from "../cluster/cluster.ts";
import { makeLargeFilm } from "../cluster/large-film.ts";
import { strayFiles } from "../cluster/leftovers.ts";
import { shortClip } from "../cluster/repository.ts";

type Listed = AssetJson & { readonly labels: Readonly<Record<string, string>> };

describe("a folder that an agent watches", () => {
  let cluster: Cluster;
  let folder: string;

  before(async () => {
    cluster = await Cluster.start({ nodes: 2, regions: "eu,us" });
    folder = join(cluster.folder, "in");
    await mkdir(folder);
    await cluster.configureNode("eu-1", { watch: [{ folder, settleSeconds: 3, labels: { from: "folder" } }] });
  });
  after(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  const assets = async (): Promise<readonly Listed[]> =>
    (await cluster.json<{ items: Listed[] }>("assets", "list")).items;
  const taken = async (): Promise<string[]> => (await readdir(join(folder, "taken")).catch(() => [])).toSorted();

  it("gives a file that grows slowly its time, then makes it an asset of that node, and keeps it in taken/", async () => {
    const film = await readFile(shortClip);
    const parts = 8;
    for (let part = 0; part < parts; part += 1) {
      const [from, to] = [part, part + 1].map((at) => Math.floor((film.length * at) / parts));
      await appendFile(join(folder, "slow film.mp4"), film.subarray(from, to));
      await delay(1_500);
      assert.deepEqual(await assets(), [], `it was taken after ${part + 1} of ${parts} parts`);
    }
    await eventually("the file to be taken", async () => ((await taken()).length > 0 ? true : undefined));
    assert.deepEqual(await readFile(join(folder, "taken", "slow film.mp4")), film);
    const [asset] = await assets();
    await cluster.vsctl("assets", "wait", asset?.id ?? "", "--timeout", "2m");
    const [ready, ...others] = await assets();
    assert.deepEqual([ready?.state, others], ["ready", []]);
    assert.deepEqual([ready?.title, ready?.labels], ["slow film", { from: "folder" }]);
    assert.equal(ready?.replicas[0]?.nodeId, cluster.node("eu-1").id);
  });

  it("makes no second asset of the same bytes", async () => {
    await copyFile(shortClip, join(folder, "slow film.mp4"));
    await eventually("the file to be taken", async () => ((await taken()).length > 1 ? true : undefined));
    assert.deepEqual(await taken(), ["slow film-2.mp4", "slow film.mp4"]);
    assert.equal((await assets()).length, 1);
  });

  it("loses nothing and makes nothing twice when the agent is killed at any moment", async () => {
    const path = await makeLargeFilm(join(cluster.folder, "large.mp4"), 400 * 1024 ** 2);
    const { size } = await stat(path);
    await rename(path, join(folder, "large.mp4"));
    const uploads = join(cluster.node("eu-1").dataDir, "uploads");
    const large = async (): Promise<Listed | undefined> => (await assets()).find(({ title }) => title === "large");
    const moments: readonly (() => Promise<boolean>)[] = [
      async () => (await large()) !== undefined,
      async () => (await sizesIn(uploads)).some((bytes) => bytes > 50_000_000),
      async () => (await sizesIn(uploads)).includes(size),
      async () => (await large())?.state !== "uploading",
    ];
    for (const isNow of moments) {
      await eventually("the moment of the next kill", async () => ((await isNow()) ? true : undefined));
      cluster.kill("eu-1");
      await cluster.startProgram("eu-1");
    }
    await eventually("the file to be taken", async () => ((await taken()).includes("large.mp4") ? true : undefined));
    const { id = "" } = (await large()) ?? {};
    await cluster.vsctl("assets", "wait", id, "--timeout", "2m");
    const all = await assets();
    assert.deepEqual(
      all.map(({ title, state }) => [title, state]),
      [
        ["large", "ready"],
        ["slow film", "ready"],
      ],
    );
    assert.deepEqual((await readdir(folder)).toSorted(), ["taken"]);
    await eventually("nothing to be left over", async () =>
      (await strayFiles(cluster)).length === 0 ? true : undefined,
    );
  });

  it("refuses an empty file, and says why beside it", async () => {
    await writeFile(join(folder, "empty.mp4"), "");
    const reason = join(folder, "refused", "empty.mp4.reason.txt");
    const text = await eventually("the reason", async () => await readFile(reason, "utf8").catch(() => undefined));
    assert.match(text, /empty\.mp4 is empty \(source_empty\)/);
  });

  it("refuses what turns out to be no film, with its asset's reason, once, and goes on with the next", async () => {
    const text = "This is a letter, whatever its name says.\n".repeat(100);
    await writeFile(join(folder, "letter.mp4"), text);
    const reason = join(folder, "refused", "letter.mp4.reason.txt");
    const why = await eventually("the reason", async () => await readFile(reason, "utf8").catch(() => undefined));
    assert.match(why, /\(not_media\)/);
    assert.equal(await readFile(join(folder, "refused", "letter.mp4"), "utf8"), text);
    await copyFile(shortClip, join(folder, "next.mp4"));
    await eventually("the next to be taken", async () => ((await taken()).includes("next.mp4") ? true : undefined));
    const letters = (await assets()).filter(({ title }) => title === "letter");
    assert.deepEqual(
      letters.map(({ state }) => state),
      ["failed"],
    );
  });
});

async function sizesIn(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  const sizes = names.map(async (name) => (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0);
  return await Promise.all(sizes);
}
