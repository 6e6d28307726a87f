// Contract: a snapshot is whole and right, whatever was asked for before it.
import assert from "node:assert/strict";
import { audioPieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import { aReport, aTask, aVideo, anAudio, now } from "./builders.ts";
import { addNode, decide, make, plannedAsset, readyAsset, settle, startTask, viewOf } from "./steps.ts";
import { sharedCatalog } from "./under-test.ts";
import type { OpenCatalog } from "./under-test.ts";

export function describeSnapshots(open: OpenCatalog): void {
  describe("snapshots one after another", () => {
    const catalog = sharedCatalog(open);

    async function assertTrue(assetId: AssetId, when: string): Promise<void> {
      const { assets } = await catalog().queries.planningSnapshot(now);
      const view = assets.find((one) => one.asset.id === assetId);
      assert.deepEqual(view, await viewOf(catalog(), assetId), when);
    }

    it("follow what is made, dropped and made anew", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      await assertTrue(id, "planned");
      await make(catalog(), aTask(id), home.id, [aVideo(0)]);
      await assertTrue(id, "a piece more");
      await decide(catalog(), { kind: "drop-piece", assetId: id, pieceId: videoPieceId(0), reason: "does not join" });
      await assertTrue(id, "a piece less");
      await make(catalog(), aTask(id), home.id, [aVideo(0, "again")]);
      const audio = await startTask(catalog(), aTask(id, { kind: "audio", pieceId: audioPieceId(0, 0) }), home.id);
      const { taskId, nodeId, incarnation, epoch, at } = aReport(catalog(), audio);
      await catalog().commands.recordPiece({ taskId, nodeId, incarnation, epoch, at, piece: anAudio(1) });
      await assertTrue(id, "another piece under the same name, and one more");
      await assertTrue(id, "nothing new");
      const { pieces } = await viewOf(catalog(), id);
      assert.deepEqual(
        pieces.find((piece) => piece.id === videoPieceId(0)),
        aVideo(0, "again"),
      );
    });

    it("have all of an asset again that was settled meanwhile", async () => {
      const home = await addNode(catalog());
      const { id } = await readyAsset(catalog(), [home.id], { replicasWanted: 1 });
      await assertTrue(id, "before");
      await settle(catalog(), id);
      const { assets } = await catalog().queries.planningSnapshot(now);
      assert.ok(assets.every((view) => view.asset.id !== id));
      await decide(catalog(), { kind: "set-extra-replicas", assetId: id, extraReplicas: 1 });
      await assertTrue(id, "after");
    });

    it("are whole when several are asked for at once, while things change", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      const asked = [0, 1, 2, 3].map(async (chunk) => {
        if (chunk < 2) await make(catalog(), aTask(id, { pieceId: videoPieceId(chunk) }), home.id, [aVideo(chunk)]);
        return await catalog().queries.planningSnapshot(now);
      });
      for (const { assets } of await Promise.all(asked)) {
        const view = assets.find((one) => one.asset.id === id);
        const copied = new Set(view?.replicas.map((replica) => replica.pieceId));
        assert.deepEqual(new Set(view?.pieces.map((piece) => piece.id)), copied);
      }
      await assertTrue(id, "after all");
    });
  });
}
