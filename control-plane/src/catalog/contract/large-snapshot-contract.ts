// Contract: a snapshot stays bounded, whatever is unsettled, and nothing is left out for long.
import assert from "node:assert/strict";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import { aTask, now } from "./builders.ts";
import { snapshotAssets } from "../choose-plannable.ts";
import { addAsset, addNode, readyAsset, setHealth, startTask, uploadedAsset } from "./steps.ts";
import { sharedCatalog } from "./under-test.ts";
import type { OpenCatalog } from "./under-test.ts";

export function describeLargeSnapshots(open: OpenCatalog): void {
  describe("a snapshot of very many assets", () => {
    const catalog = sharedCatalog(open);
    let waiting: AssetId[];
    before(async () => {
      // Nobody can do anything for an upload of which the client has sent nothing.
      const abandon = async () => (await addAsset(catalog(), { priority: 9 })).id;
      waiting = await Promise.all(Array.from({ length: snapshotAssets * 1.5 }, abandon));
    });

    async function chosen(): Promise<AssetId[]> {
      const { assets } = await catalog().queries.planningSnapshot(now);
      return assets.map((view) => view.asset.id);
    }

    it("has the most urgent, and all that have running tasks, whatever else waits", async () => {
      const home = await addNode(catalog());
      const running = await addAsset(catalog(), { priority: -1 });
      await startTask(catalog(), aTask(running.id), home.id);
      const arrived = await uploadedAsset(catalog(), [home.id], { priority: -1 });
      for (let look = 0; look < 3; look += 1) {
        const ids = await chosen();
        assert.ok(ids.length <= snapshotAssets + 1);
        assert.ok(ids.includes(running.id) && ids.includes(arrived.id));
      }
    });

    it("has what one failure more may cost, each time", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const whole = await readyAsset(catalog(), [home.id, other.id], { priority: 5 });
      const damaged = await readyAsset(catalog(), [home.id, other.id]);
      const gone = await addNode(catalog());
      const halved = await readyAsset(catalog(), [home.id, gone.id]);
      await setHealth(catalog(), gone.id, "down");
      const entries = [{ assetId: damaged.id, pieceIds: [sourcePieceId] }];
      await catalog().commands.recordDamage({ nodeId: other.id, entries, at: now });
      let wholeSeen = 0;
      for (let look = 0; look < 4; look += 1) {
        const ids = await chosen();
        assert.ok(ids.includes(damaged.id) && ids.includes(halved.id));
        if (ids.includes(whole.id)) wholeSeen += 1;
      }
      assert.ok(wholeSeen < 4);
    });

    it("has every asset once in a few looks", async () => {
      const seen = new Set<AssetId>();
      for (let look = 0; look < 3; look += 1) for (const id of await chosen()) seen.add(id);
      assert.deepEqual(
        waiting.filter((id) => !seen.has(id)),
        [],
      );
    });
  });
}
