// A home goes and comes back: before the hold nothing moves, after it what is too many goes again, and one that comes
// back with an empty disk is filled.
import assert from "node:assert/strict";
import { assertPlaysWhole, homesOf, untilCopiesAreOld, untilWhole } from "../cluster/asset-checks.ts";
import { Bed, needsBed } from "../cluster/bed.ts";
import { eventually } from "../cluster/cluster.ts";
import type { IngestJson } from "../cluster/cluster.ts";
import { loseDisk } from "../cluster/damage.ts";
import { storedObjects } from "../cluster/leftovers.ts";

const holdMs = 5_000;

describe("a home that was away", function () {
  this.timeout(240_000);
  before(function () {
    needsBed(this);
  });

  it("and returns before the hold is over: nothing was moved", async () => {
    await using bed = await Bed.start();
    const { asset } = await bed.ingest<IngestJson>();
    const homes = await homesOf(bed, asset.id);
    const away = bed.node(homes[0] ?? "").name;
    await bed.kill(away);
    await bed.until(away, { health: "down" });
    await new Promise((wake) => setTimeout(wake, 5_000));
    const others = bed.state.nodes.filter(({ name }) => name !== away);
    const sentBytes = (): number => others.reduce((sum, { name }) => sum + bed.network.sentBytes(name), 0);
    const before = sentBytes();
    await bed.start(away);
    await bed.until(away, { health: "up" });
    await untilWhole(bed, asset.id);
    assert.deepEqual(await homesOf(bed, asset.id), homes);
    const movedBytes = sentBytes() - before;
    const { storedBytes } = await bed.json<{ storedBytes: number }>("assets", "show", asset.id);
    assert.ok(movedBytes < storedBytes / 10, `a reboot moves nothing, and ${movedBytes} of ${storedBytes} bytes moved`);
  });

  it("and returns after the hold: whole copies stood elsewhere, and only then what is too many goes", async () => {
    await using bed = await Bed.start({ controlConfig: { repairHoldMs: holdMs } });
    const { asset } = await bed.ingest<IngestJson>();
    const [gone = ""] = await homesOf(bed, asset.id);
    const away = bed.node(gone);
    await bed.kill(away.name);
    await untilWhole(bed, asset.id, { without: [gone], limitMs: 90_000 });
    await bed.start(away.name);
    await bed.until(away.name, { health: "up" });
    const after = await untilWhole(bed, asset.id);
    const surplus = bed.state.nodes.filter(({ id }) => after.replicas.every(({ nodeId }) => nodeId !== id));
    assert.equal(surplus.length, 1);
    await eventually("the surplus to go", async () =>
      (await storedObjects(surplus[0]?.dataDir ?? "")).length === 0 ? true : undefined,
    );
    await untilWhole(bed, asset.id);
    await assertPlaysWhole((await bed.json<IngestJson>("assets", "url", asset.id)).playback.hls);
  });

  it("and returns with an empty disk: its copies are made again, and meanwhile it answers from elsewhere", async () => {
    await using bed = await Bed.start();
    const { asset } = await bed.ingest<IngestJson>();
    const homes = await homesOf(bed, asset.id);
    const emptied = bed.node(homes[0] ?? "");
    const before = await storedObjects(emptied.dataDir);
    await untilCopiesAreOld();
    await bed.stop(emptied.name);
    await loseDisk(emptied.dataDir);
    await bed.start(emptied.name);
    await bed.until(emptied.name, { health: "up" });
    await assertPlaysWhole([`${emptied.playbackUrl}/v/${asset.id}/index.m3u8`]);
    const restored = async (): Promise<boolean> => {
      const now = new Set(await storedObjects(emptied.dataDir));
      return before.every((hash) => now.has(hash));
    };
    await eventually("every file to be there again", async () => ((await restored()) ? true : undefined), 90_000);
    await untilWhole(bed, asset.id);
    assert.deepEqual(await homesOf(bed, asset.id), homes);
  });
});
