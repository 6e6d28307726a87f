import assert from "node:assert/strict";
import type { AssetId } from "@vstream/core/ids.ts";
import { buildFinished, buildInput, buildNode, buildView, nodeId } from "../planning/snapshot.fixture.ts";
import { Drains } from "./drains.ts";
import { ManualClock } from "./manual-clock.fixture.ts";

const draining = buildNode("b", { scheduling: "draining" });
const full = buildNode("c", { usedBytes: 1_000_000_000_000 });

describe("what is known of nodes that are being emptied", () => {
  const regional = (id: string, region: string) =>
    buildView(buildFinished(["b"], { id: `as-${id}` as AssetId, homes: [draining.id], regions: [region] }));

  it("is whether others can take any of what they hold, and is looked for once a second", async () => {
    const clock = new ManualClock();
    const drains = new Drains(clock);
    assert.deepEqual(drains.outlookOf(draining.id), { heldBeside: 0, othersCanTake: true });
    const look = async (...regions: string[]) => {
      const views = regions.map((region, at) => regional(String(at), region));
      await drains.look(buildInput([draining, full, buildNode("d", { region: "us" })], views));
      return drains.outlookOf(draining.id).othersCanTake;
    };
    assert.equal(await look("eu"), false);
    assert.equal(await look("us"), false);
    clock.advance(1_000);
    assert.equal(await look("eu", "us"), true);
    clock.advance(1_000);
    assert.equal(await look(), true);
  });

  it("is also how much they hold that has no place on the homes yet", async () => {
    const drains = new Drains(new ManualClock());
    const made = buildFinished(["b"], { homes: [nodeId("a")], state: "playable" });
    await drains.look(buildInput([buildNode("a"), draining], [buildView(made)]));
    assert.deepEqual(drains.outlookOf(draining.id), { heldBeside: 1, othersCanTake: true });
  });
});
