// A disk runs full under a node: new work is refused with a reason, what is there is served, and with room again it
// goes on by itself.
import assert from "node:assert/strict";
import { rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assertPlaysWhole, videoSegments } from "../cluster/asset-checks.ts";
import { Bed, needsBed } from "../cluster/bed.ts";
import type { IngestJson } from "../cluster/cluster.ts";
import { clip, shortClip } from "../cluster/repository.ts";

/** Less than the clip that is put in. */
const leftBytes = 200 * 1024;

describe("a full disk", function () {
  this.timeout(240_000);
  before(function () {
    needsBed(this);
  });

  it("refuses new work, serves what it has, and takes work again once there is room", async () => {
    const nodes = [{ name: "eu-1", region: "eu", diskBytes: 96 * 2 ** 20 }];
    await using bed = await Bed.start({ nodes });
    const { asset, playback } = await bed.ingest<IngestJson>(clip);
    const { dataDir, pid } = bed.node("eu-1");
    const ballast = join(dataDir, "ballast");
    const disk = await statfs(dataDir);
    await writeFile(ballast, Buffer.alloc(disk.bavail * disk.bsize - leftBytes, 1));

    const refused = await bed.vsctl("ingest", shortClip, "--json");
    assert.notEqual(refused.code, 0);
    const { error } = JSON.parse(refused.stdout) as { error: { code: string; message: string; hint: string } };
    assert.equal(error.code, "storage_full", refused.stdout);
    assert.ok(error.message !== "" && error.hint !== "", "it says what and what to do");
    await assertPlaysWhole(playback.hls);
    assert.ok((await videoSegments(playback.hls[0] ?? "")).length > 0);
    assert.equal(bed.runs("eu-1"), true);
    await bed.until("eu-1", { health: "up" });

    await rm(ballast);
    const taken = await bed.ingest<IngestJson>(shortClip);
    assert.equal(taken.asset.state, "ready");
    assert.notEqual(taken.asset.id, asset.id);
    assert.equal(bed.node("eu-1").pid, pid, "it was not started anew");
  });
});
