import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import type { GetProvenanceResponse } from "@vstream/proto/admin.ts";
import { objectNamed } from "../../testing/made-up-media.ts";
import { readyAsset, startAgent } from "../../testing/ready-asset.ts";
import { runPlane } from "../../testing/running-plane.ts";
import { asked, withCode } from "../../testing/unary.ts";

describe("the provenance of an asset", () => {
  it("says what it was made from, into what, by whom, with what, and what ffmpeg was told", async () => {
    await using running = await runPlane({ replicas: 1 });
    using agent = await startAgent(running, "eu-1");
    const { id } = await readyAsset(running, [agent], { sourceName: "clip.mkv" });
    const told = await asked<GetProvenanceResponse>((done) =>
      running.admin.getProvenance({ id }, running.metadata, done),
    );
    const { assetId, sourceName, sourceSha256, sourceBytes, ladder } = told;
    const source = objectNamed("clip.mkv");
    assert.deepEqual([assetId, sourceName, sourceSha256], [id, "clip.mkv", source.sha256]);
    assert.deepEqual([sourceBytes, ladder, told.probe?.format], [source.bytes, "default", "made-up"]);
    assert.ok(told.rungs.every(({ name, crf, maxrateBps }) => name !== "" && crf > 0 && maxrateBps > 0));
    assert.deepEqual([told.rungs.length > 0, told.audio.length, told.text.length], [true, 1, 1]);
    const byId = new Map(told.pieces.map((piece) => [piece.pieceId, piece]));
    const kinds = [...byId.keys()].map((pieceId) => pieceId.replace(/-0000\d$/, ""));
    assert.deepEqual([...new Set(kinds)], ["audio-0", "images", "source", "text-0", "timeline", "video"]);
    const video = byId.get("video-00000");
    assert.deepEqual([video?.nodeName, video?.toolchain, video?.ffmpegVersion], ["eu-1", "made-up", "5.1.9"]);
    assert.equal(video?.nodeId, agent.identity.nodeId);
    assert.deepEqual(video.arguments, ["ffmpeg -i file:source video-00000"]);
    assert.deepEqual(video.objects.length, told.rungs.length * 2);
    assert.deepEqual(byId.get("audio-0-00001")?.arguments, ["ffmpeg -i file:source audio-0-00001"]);
    assert.deepEqual([byId.get("source")?.arguments, byId.get("source")?.nodeId], [[], ""]);
    const unknown = { id: newId("asset", Date.now()) };
    await assert.rejects(
      asked((done) => running.admin.getProvenance(unknown, running.metadata, done)),
      withCode("asset_not_found"),
    );
  });
});
