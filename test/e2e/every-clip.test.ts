// Every clip of test/media through a real cluster: ready, by every authoring rule, every rendition decoded; or refused
// with its reason, and nothing left.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Cluster, repository } from "../cluster/cluster.ts";
import type { IngestJson } from "../cluster/cluster.ts";

interface CheckJson {
  readonly findings: readonly { readonly rule: string; readonly level: string; readonly message: string }[];
}

/** Six minutes of 1080p take longer than all others together: its turn is in the bench. */
const left = ["MEDIA.md", "long-1080p-6min.mp4"];

describe("every clip", function () {
  this.timeout(180_000);
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ nodes: 2, regions: "eu,us" });
  });
  after(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  it("becomes a stream that breaks no rule and decodes without a message", async () => {
    const folder = join(repository, "test/media");
    const names = (await readdir(folder)).filter((name) => !left.includes(name));
    assert.ok(names.length >= 8, names.join());
    for (const name of names) {
      const { asset } = await cluster.json<IngestJson>("ingest", join(folder, name), "--no-beside");
      assert.equal(asset.state, "ready", name);
      const check = await cluster.vsctl("assets", "check", asset.id, "--decode", "--json");
      assert.equal(check.code, 0, `${name}: ${check.stdout}`);
      const broken = (JSON.parse(check.stdout) as CheckJson).findings.filter(({ level }) => level === "must");
      assert.deepEqual(broken, [], name);
    }
  });
});
