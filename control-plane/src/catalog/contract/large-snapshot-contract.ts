// Contract: a snapshot stays bounded, whatever is unsettled.
import assert from "node:assert/strict";
import { aTask, now } from "./builders.ts";
import { snapshotAssets } from "../choose-plannable.ts";
import { addAsset, addNode, startTask } from "./steps.ts";
import { sharedCatalog } from "./under-test.ts";
import type { OpenCatalog } from "./under-test.ts";

export function describeLargeSnapshots(open: OpenCatalog): void {
  describe("a snapshot of very many assets", () => {
    const catalog = sharedCatalog(open);

    it("has the most urgent, and all that have running tasks", async () => {
      const home = await addNode(catalog());
      const running = await addAsset(catalog(), { priority: -1 });
      await startTask(catalog(), aTask(running.id), home.id);
      const create = async () => await addAsset(catalog(), { priority: 0 });
      await Promise.all(Array.from({ length: snapshotAssets + 10 }, create));
      const urgent = await addAsset(catalog(), { priority: 1 });
      const { assets } = await catalog().queries.planningSnapshot(now);
      const ids = assets.map((view) => view.asset.id);
      assert.ok(ids.length <= snapshotAssets);
      assert.ok(ids.includes(running.id) && ids.includes(urgent.id));
    });
  });
}
