// Contract: planning sees exactly the assets that something has changed about.
import assert from "node:assert/strict";
import { sourcePieceId, timelinePieceId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { Catalog } from "../catalog.ts";
import { aDescription, aTask, now } from "./builders.ts";
import {
  addNode,
  addTask,
  copy,
  decide,
  isSettled,
  join,
  plannedAsset,
  readyAsset,
  setHealth,
  setHomes,
  settle,
  viewOf,
} from "./steps.ts";

export function describeSettling(catalog: () => Catalog): void {
  describe("settling", () => {
    async function inSnapshot(assetId: AssetId): Promise<boolean> {
      const snapshot = await catalog().queries.planningSnapshot(now);
      return snapshot.assets.some((view) => view.asset.id === assetId);
    }

    it("leaves a settled asset out of the snapshot, and has all nodes in it", async () => {
      const home = await addNode(catalog());
      const { id } = await readyAsset(catalog(), [home.id], { replicasWanted: 1 });
      assert.equal(await inSnapshot(id), true);
      await settle(catalog(), id);
      assert.equal(await isSettled(catalog(), id), true);
      assert.equal(await inSnapshot(id), false);
      const { nodes } = await catalog().queries.planningSnapshot(now);
      assert.ok(nodes.some((node) => node.id === home.id));
    });

    it("gives planning the same view of an asset as of it alone", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      await addTask(catalog(), aTask(id));
      const { assets } = await catalog().queries.planningSnapshot(now);
      assert.deepEqual(
        assets.find((view) => view.asset.id === id),
        await viewOf(catalog(), id),
      );
    });

    it("does not settle by one decision, which may rest on an older view", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id], { replicasWanted: 1 });
      const { manifestVersion } = (await viewOf(catalog(), assetId)).asset;
      const decision = { kind: "settle-asset", assetId, manifestVersion } as const;
      await decide(catalog(), decision);
      assert.equal(await isSettled(catalog(), assetId), false);
      await catalog().commands.recordInventory({ nodeId: home.id, entries: [], at: now + 60_000 });
      await decide(catalog(), decision);
      assert.equal(await isSettled(catalog(), assetId), false, "a copy was lost between the two");
    });

    it("does not settle at another manifest version than was looked at", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id], { replicasWanted: 1 });
      const { manifestVersion } = (await viewOf(catalog(), assetId)).asset;
      const decision = { kind: "settle-asset", assetId, manifestVersion: manifestVersion - 1 } as const;
      await decide(catalog(), decision, decision);
      assert.equal(await isSettled(catalog(), assetId), false);
    });

    it("looks again after each change to the asset or to one of its homes", async () => {
      const description = aDescription();
      const home = await addNode(catalog(), description);
      const [spare, late] = [await addNode(catalog()), await addNode(catalog())];
      const { id: assetId } = await readyAsset(catalog(), [home.id], { replicasWanted: 1 });
      const nodeId = home.id;
      const change = { at: now, actor: "user:test" };
      const schedule = { nodeId, drainDeadlineAt: null, onDeadline: "hold", ...change } as const;
      const changes: Record<string, () => Promise<unknown>> = {
        "a task": async () =>
          await addTask(catalog(), aTask(assetId, { kind: "replicate", pieceId: sourcePieceId, nodeId: spare.id })),
        "a copy": async () => {
          await copy(catalog(), assetId, timelinePieceId, spare.id);
        },
        homes: async () => {
          await setHomes(catalog(), assetId, [home.id, spare.id]);
        },
        "a home that moves": async () =>
          await decide(catalog(), { kind: "move-home", assetId, from: home.id, to: late.id, reason: "is emptier" }),
        "a move that was called off": async () => {
          await setHomes(catalog(), assetId, [home.id]);
        },
        "more copies": async () => await decide(catalog(), { kind: "set-extra-replicas", assetId, extraReplicas: 1 }),
        "a damaged copy": async () => {
          const entries = [{ assetId, pieceIds: [sourcePieceId] }];
          await catalog().commands.recordDamage({ nodeId, entries, at: now });
        },
        "a verification": async () => await catalog().commands.createVerification({ assetId, ...change }),
        "a suspect home": async () => {
          await setHealth(catalog(), nodeId, "suspect");
        },
        "a home that is back": async () =>
          await catalog().commands.describeNode({ nodeId, node: description, at: now }),
        "a cordoned home": async () => await catalog().commands.setScheduling({ ...schedule, scheduling: "cordoned" }),
        "a lost copy": async () => await catalog().commands.recordInventory({ nodeId, entries: [], at: now + 60_000 }),
        "the trash": async () => await catalog().commands.deleteAsset({ assetId, ...change }),
        "a removed home": async () => await catalog().commands.removeNode({ nodeId: spare.id, force: true, ...change }),
      };
      for (const [name, make] of Object.entries(changes)) {
        await settle(catalog(), assetId);
        assert.equal(await isSettled(catalog(), assetId), true, `before ${name}`);
        await make();
        assert.equal(await isSettled(catalog(), assetId), false, `after ${name}`);
      }
    });

    it("looks again at what lacks homes when a node comes, and not at what lacks nothing", async () => {
      const [home, spare] = [await addNode(catalog()), await addNode(catalog())];
      const { id: whole } = await readyAsset(catalog(), [home.id], { replicasWanted: 1 });
      const { id: lacking } = await readyAsset(catalog(), [home.id], { replicasWanted: 2 });
      const { id: watched } = await readyAsset(catalog(), [home.id], { replicasWanted: 1 });
      await decide(catalog(), { kind: "set-extra-replicas", assetId: watched, extraReplicas: 1 });
      const { id: moving } = await readyAsset(catalog(), [home.id], { replicasWanted: 1 });
      await decide(catalog(), {
        kind: "move-home",
        assetId: moving,
        from: home.id,
        to: spare.id,
        reason: "is emptier",
      });
      const replicas = { replicasWanted: 1 };
      const { id: outside } = await readyAsset(catalog(), [home.id], { ...replicas, regions: ["elsewhere"] });
      const { id: inside } = await readyAsset(catalog(), [home.id], { ...replicas, regions: ["else", home.region] });
      const pins = [home.id];
      const { id: pinned } = await readyAsset(catalog(), [home.id], { ...replicas, regions: ["elsewhere"], pins });
      const all = [whole, lacking, watched, moving, outside, inside, pinned];
      for (const id of all) await settle(catalog(), id);
      await join(catalog());
      const settled = await Promise.all(all.map(async (id) => await isSettled(catalog(), id)));
      assert.deepEqual(settled, [true, false, false, false, false, true, true]);
    });
  });
}
