// An agent, with all that it started, stands still for longer than its leases and then goes on: what it worked on was
// done elsewhere, its own report changes nothing, its encoders end, and nothing of theirs stays.
import assert from "node:assert/strict";
import { assertPlaysWhole, tasksOf, untilWhole } from "../cluster/asset-checks.ts";
import { Bed, needsBed } from "../cluster/bed.ts";
import { eventually } from "../cluster/cluster.ts";
import type { IngestJson } from "../cluster/cluster.ts";
import { encodersOf, strayFiles } from "../cluster/leftovers.ts";

describe("an agent that stands still past its leases", function () {
  this.timeout(180_000);
  before(function () {
    needsBed(this);
  });

  it("finds its work done elsewhere, and leaves nothing behind", async () => {
    await using bed = await Bed.start();
    const { asset } = await bed.ingest<IngestJson>(undefined, "--wait", "none");
    const encoding = await eventually("an agent that encodes", async () => {
      const leased = (await tasksOf(bed, asset.id)).filter(
        ({ kind, state }) => kind === "transcode" && state === "leased",
      );
      const encoders = await encodersOf(bed);
      return leased.find(({ nodeId }) => encoders.some((line) => line.includes(`/${bed.node(nodeId ?? "").name}/`)));
    });
    const paused = bed.node(encoding.nodeId ?? "");
    const ofPaused = async (): Promise<string[]> =>
      (await encodersOf(bed)).filter((line) => line.includes(`/${paused.name}/`));
    await bed.pause(paused.name);
    assert.notEqual((await ofPaused()).length, 0, "it was paused while it encoded");
    const elsewhere = await eventually("its work to be done elsewhere", async () => {
      const task = (await tasksOf(bed, asset.id)).find(({ id }) => id === encoding.id);
      return task !== undefined && task.nodeId !== paused.id && task.state === "succeeded" ? task : undefined;
    });
    const encodersBefore = await ofPaused();

    await bed.resume(paused.name);
    await eventually(
      "the encoders of before to end",
      async () => {
        const now = await ofPaused();
        return encodersBefore.every((line) => !now.includes(line)) ? true : undefined;
      },
      5_000,
    );
    await bed.until(paused.name, { health: "up" });
    await bed.json("assets", "wait", asset.id, "--for", "ready", "--timeout", "2m");
    const after = (await tasksOf(bed, asset.id)).find(({ id }) => id === encoding.id);
    assert.deepEqual(after?.nodeId, elsewhere.nodeId, "the late report changed nothing");
    await untilWhole(bed, asset.id);
    await assertPlaysWhole((await bed.json<IngestJson>("assets", "url", asset.id)).playback.hls);
    await eventually("stray files to go", async () => ((await strayFiles(bed)).length === 0 ? true : undefined));
  });
});
