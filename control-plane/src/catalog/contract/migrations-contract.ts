// Contract: a catalog that an older version made, with all that is in it, goes on under this one.
import assert from "node:assert/strict";
import { aList, aPlan, aProbe, now } from "./builders.ts";
import { fillOldCatalog, oldContent, oldMigration } from "./old-catalog.ts";
import { decide, isSettled, viewOf } from "./steps.ts";
import type { OpenOldCatalog } from "./under-test.ts";

export function describeMigrations(openOld: OpenOldCatalog): void {
  describe("a catalog with the first tables only", () => {
    const { nodeId, assetId, pieces, bytes } = oldContent;

    it("has everything that it had, with what is new at rest", async () => {
      await using opened = await openOld(oldMigration, fillOldCatalog);
      const { queries } = opened.catalog;
      const node = await queries.getNode(nodeId);
      assert.deepEqual([node?.zone, node?.health, node?.usedBytes], ["", "up", 1]);
      const view = await viewOf(opened.catalog, assetId);
      const { homes, leavingHomes, homeReasons, pins, extraReplicas, settled, title, plan, probe } = view.asset;
      assert.deepEqual(
        { homes, leavingHomes, homeReasons, pins, extraReplicas, settled, title, plan, probe },
        {
          ...{ homes: [nodeId], leavingHomes: [], homeReasons: {}, pins: [], extraReplicas: 0, settled: true },
          ...{ title: "Old", plan: aPlan, probe: aProbe },
        },
      );
      assert.deepEqual(view.pieces, pieces);
      const [item] = (await queries.listAssets({ ...aList({ sort: "title" }), search: "OLD" })).items;
      assert.deepEqual([item?.piecesDone, item?.fewestCopies, item?.storedBytes], [2, 1, bytes]);
      for (const search of ["show=NEWS", "old.mp4", assetId]) {
        const found = await queries.listAssets({ ...aList({ sort: "title" }), search });
        assert.deepEqual([search, found.items.length], [search, 1]);
      }
      const [movable] = await queries.listMovable({ nodeId, limit: 10 });
      assert.deepEqual([movable?.assetId, movable?.bytes], [assetId, bytes]);
      assert.equal(await queries.countMoves(), 0);
    });

    it("goes on with it", async () => {
      await using opened = await openOld(oldMigration, fillOldCatalog);
      await decide(opened.catalog, { kind: "set-extra-replicas", assetId, extraReplicas: 1 });
      assert.equal(await isSettled(opened.catalog, assetId), false);
      const { assets } = await opened.catalog.queries.planningSnapshot(now);
      assert.deepEqual(assets[0]?.pieces, pieces);
      const catalog = await opened.reopen();
      assert.equal((await viewOf(catalog, assetId)).asset.extraReplicas, 1);
    });
  });
}
