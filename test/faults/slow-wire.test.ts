// A home behind a wire that has become too slow for those who watch there: they do not lose a playback, and what has to
// be copied over it arrives.
import assert from "node:assert/strict";
import { assertUnnoticed, homesOf, untilWhole } from "../cluster/asset-checks.ts";
import { Bed, needsBed } from "../cluster/bed.ts";
import type { IngestJson } from "../cluster/cluster.ts";

describe("a slow wire", function () {
  this.timeout(300_000);
  before(function () {
    needsBed(this);
  });

  it("under the only source of copies: they are made all the same", async () => {
    await using bed = await Bed.start({ controlConfig: { repairHoldMs: 3_000 } });
    const { asset } = await bed.ingest<IngestJson>();
    const [gone = "", left = ""] = await homesOf(bed, asset.id);
    bed.network.slow(bed.node(left).name, 4_000_000);
    await bed.kill(bed.node(gone).name);
    await untilWhole(bed, asset.id, { without: [gone], limitMs: 150_000 });
  });

  it("under one home of two: nobody loses a playback or sees wrong bytes", async () => {
    await using bed = await Bed.start();
    const { playback } = await bed.ingest<IngestJson>();
    const home = bed.state.nodes.find(({ playbackUrl }) => playback.hls[0]?.startsWith(playbackUrl));
    assert.ok(home !== undefined);
    await using crowd = await bed.watch({ viewers: 4, urls: playback.hls, follows: "homes", rung: "auto" });
    bed.network.slow(home.name, 3_000_000);
    await new Promise((wake) => setTimeout(wake, 60_000));
    assertUnnoticed(await crowd.stop(), Infinity);
  });
});
