// A file on a home's disk goes bad: viewers get right bytes all the time, and the copy is made again.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Cluster, eventually, repository } from "../cluster/cluster.ts";
import type { AssetJson, IngestJson } from "../cluster/cluster.ts";

const shortClip = join(repository, "test", "media", "firstpts-10s.mp4");

describe("a damaged copy", () => {
  it("is never served, and heals from the other home", async () => {
    await using cluster = await Cluster.start();
    const { asset } = await cluster.json<IngestJson>("ingest", shortClip);
    const home = cluster.node(asset.replicas[0]?.nodeId ?? "");
    const url = await firstSegment(`${home.playbackUrl}/v/${asset.id}/index.m3u8`);
    const hash = /([0-9a-f]{64})\.m4s$/.exec(url)?.[1] ?? "";
    const path = join(home.dataDir, "objects", hash.slice(0, 2), hash);
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 5) ^ 1, bytes.length - 5);
    await writeFile(path, bytes);

    for (let round = 0; round < 3; round += 1) assert.equal(hashOf(await fetched(url)), hash);
    await eventually("the copy to be made again", async () => {
      const found = await readFile(path).catch(() => null);
      return found !== null && hashOf(found) === hash ? true : undefined;
    });
    const after = await eventually("the copies to count again", async () => {
      const shown = await cluster.json<AssetJson>("assets", "show", asset.id);
      return shown.replicas.every((replica) => replica.state === "verified") ? shown : undefined;
    });
    assert.deepEqual([after.state, after.degraded], ["ready", null]);
    assert.match(await cluster.log(home.name), /was not what its name says/);
  });
});

async function firstSegment(index: string): Promise<string> {
  const multivariant = (await fetched(index)).toString();
  const media = /^video\S+\.m3u8$/m.exec(multivariant)?.[0] ?? "";
  const playlist = (await fetched(new URL(media, index).href)).toString();
  return new URL(/^\S+\.m4s$/m.exec(playlist)?.[0] ?? "", new URL(media, index)).href;
}

async function fetched(url: string): Promise<Buffer> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  return Buffer.from(await response.arrayBuffer());
}

function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
