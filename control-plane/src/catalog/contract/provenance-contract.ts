// Contract: what ffmpeg was told for each piece.
import assert from "node:assert/strict";
import { audioPieceId, sourcePieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import type { Catalog } from "../catalog.ts";
import { aReport, aSuccess, aTask, aVideo, anAudio, now } from "./builders.ts";
import { addNode, decide, make, plannedAsset, startTask, viewOf } from "./steps.ts";

const told = ["ffprobe -i file:source", "ffmpeg -i file:source -vf 'scale=2:2' encoded/encoded-0.mp4"];

export function describeProvenance(catalog: () => Catalog): void {
  const toldOf = async (assetId: AssetId): Promise<[PieceId, Piece["arguments"]][]> =>
    (await catalog().queries.getProvenance(assetId)).map((piece) => [piece.id, piece.arguments]);

  describe("provenance", () => {
    it("keeps what ffmpeg was told with each new piece, and gives all pieces in the order of their ids", async () => {
      const node = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [node.id]);
      await make(catalog(), aTask(id), node.id, [{ ...aVideo(0, id), arguments: told, madeBy: node.id }]);
      const audio = await startTask(catalog(), aTask(id, { kind: "audio", pieceId: audioPieceId(0, 0) }), node.id);
      const { incarnation, epoch } = aReport(catalog(), audio);
      const piece = { ...anAudio(0, id), arguments: told.slice(1) };
      const report = { taskId: audio.id, nodeId: node.id, incarnation, epoch, piece, at: now };
      assert.equal(await catalog().commands.recordPiece(report), "accepted");
      assert.deepEqual(await toldOf(id), [
        [audioPieceId(0, 0), told.slice(1)],
        [sourcePieceId, undefined],
        [timelinePieceId, undefined],
        [videoPieceId(0), told],
      ]);
      const video = (await catalog().queries.getProvenance(id)).find(({ id: pieceId }) => pieceId === videoPieceId(0));
      assert.deepEqual(video, { ...aVideo(0, id), arguments: told, madeBy: node.id });
    });

    it("takes a piece that was told otherwise for the same, and keeps what was told first", async () => {
      const nodes = [await addNode(catalog()), await addNode(catalog())] as const;
      const { id } = await plannedAsset(catalog(), [nodes[0].id]);
      for (const [index, node] of nodes.entries()) {
        const made = { ...aVideo(0, id), arguments: [`ffmpeg -threads ${String(index)}`] };
        assert.equal(await make(catalog(), aTask(id), node.id, [made]), "accepted");
      }
      assert.deepEqual((await toldOf(id)).at(-1), [videoPieceId(0), ["ffmpeg -threads 0"]]);
    });

    it("goes with its piece, and comes back with the one that is made instead", async () => {
      const node = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [node.id]);
      await make(catalog(), aTask(id), node.id, [{ ...aVideo(0, id), arguments: told }]);
      await decide(catalog(), {
        kind: "drop-piece",
        assetId: id,
        pieceId: videoPieceId(0),
        reason: "the joint differs",
      });
      assert.equal(
        (await toldOf(id)).some(([pieceId]) => pieceId === videoPieceId(0)),
        false,
      );
      await make(catalog(), aTask(id), node.id, [{ ...aVideo(0, `${id} again`), arguments: ["ffmpeg again"] }]);
      assert.deepEqual((await toldOf(id)).at(-1), [videoPieceId(0), ["ffmpeg again"]]);
    });

    it("is never in what planning and players are given", async () => {
      const node = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [node.id]);
      await make(catalog(), aTask(id), node.id, [{ ...aVideo(0, id), arguments: told }]);
      await decide(catalog(), { kind: "release-chunks", assetId: id, releasedChunks: 1 });
      const manifest = await catalog().queries.getManifest({ assetId: id, haveVersion: 0 });
      const snapshot = await catalog().queries.planningSnapshot(now);
      const given = JSON.stringify([manifest, snapshot, await viewOf(catalog(), id)]);
      assert.ok(given.includes(videoPieceId(0)));
      assert.ok(!given.includes("ffprobe"));
    });

    it("is empty for what is not there", async () => {
      const node = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [node.id]);
      const running = await startTask(catalog(), aTask(id), node.id);
      const outcome = aSuccess([{ ...aVideo(0, id), arguments: [] }]);
      await catalog().commands.recordReport(aReport(catalog(), running, { outcome }));
      assert.deepEqual((await toldOf(id)).at(-1), [videoPieceId(0), undefined]);
      assert.deepEqual(await toldOf("01kq0000000000000000000000" as AssetId), []);
    });
  });
}
