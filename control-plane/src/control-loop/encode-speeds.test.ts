import assert from "node:assert/strict";
import { videoPieceId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import { buildPiece, nodeId } from "../planning/snapshot.fixture.ts";
import { EncodeSpeeds } from "./encode-speeds.ts";
import { LoopUnderTest } from "./loop-under-test.fixture.ts";

const node = nodeId("a");

function pieces(frames: number): Piece[] {
  const piece = buildPiece(videoPieceId(0));
  assert.ok(piece.content.kind === "video");
  return [{ ...piece, content: { ...piece.content, frames } }];
}

describe("the encode speeds of nodes", () => {
  it("are what their chunks cost over the time that they took, for each node", () => {
    const speeds = new EncodeSpeeds();
    assert.deepEqual(speeds.all(), new Map());
    speeds.hear({ nodeId: node, costPerFrame: 1_000, pieces: pieces(144), ms: 2_000 });
    speeds.hear({ nodeId: nodeId("b"), costPerFrame: 1_000, pieces: pieces(144), ms: 1_000 });
    assert.deepEqual(
      [...speeds.all()],
      [
        [node, 72_000],
        [nodeId("b"), 144_000],
      ],
    );
  });

  it("follow a change within some chunks, and are moved little by one", () => {
    const speeds = new EncodeSpeeds();
    const hear = (ms: number): void => {
      speeds.hear({ nodeId: node, costPerFrame: 1_000, pieces: pieces(100), ms });
    };
    for (let chunk = 0; chunk < 20; chunk += 1) hear(1_000);
    hear(5_000);
    const moved = speeds.all().get(node) ?? 0;
    assert.ok(moved > 50_000 && moved < 100_000, String(moved));
    for (let chunk = 0; chunk < 20; chunk += 1) hear(5_000);
    const followed = speeds.all().get(node) ?? 0;
    assert.ok(followed < 21_000, String(followed));
  });

  it("are not made of what is too short to say something, nor of no time", () => {
    const speeds = new EncodeSpeeds();
    speeds.hear({ nodeId: node, costPerFrame: 1_000, pieces: pieces(5), ms: 500 });
    speeds.hear({ nodeId: node, costPerFrame: 1_000, pieces: pieces(144), ms: 0 });
    assert.equal(speeds.all().size, 0);
  });
});

describe("a cluster that was found too slow for a whole ladder", () => {
  it("gives players the lowest rung first, then all of them, and only then is the asset ready", async () => {
    await using test = await LoopUnderTest.open({ one: "eu", two: "us" }, { lowestFirstBelow: 1.2 });
    const slow = (isSlow: boolean): void => {
      for (const agent of test.agents) agent.does = ({ kind }) => !isSlow || kind !== "transcode";
    };
    slow(true);
    const first = await test.ingest();
    for (let chunk = 0; chunk < 3; chunk += 1) {
      const { agent, grant } = await test.untilRunning("transcode");
      await test.pass(100);
      await agent.finish(grant);
    }
    slow(false);
    await test.until(() => test.isSettled(first));
    const before = (await test.view(first)).asset;
    assert.deepEqual([before.edition, (before.plan?.rungs.length ?? 0) > 1], [0, true], "nothing was measured yet");
    slow(true);
    const second = await test.ingest();
    await test.untilRunning("transcode");
    const begun = (await test.view(second)).asset;
    assert.deepEqual(begun.plan?.rungs, before.plan?.rungs.slice(-1));
    assert.deepEqual(begun.nextEdition?.plan?.rungs, before.plan?.rungs);
    const done: string[] = [];
    while (!(await test.isIn(second, "ready"))) {
      const { asset } = await test.view(second);
      assert.ok(asset.edition === 0 || asset.state === "playable");
      for (const agent of test.agents) {
        for (const grant of agent.running.filter(({ work }) => work.kind === "transcode")) {
          assert.ok(grant.work.kind === "transcode");
          done.push(`${grant.work.edition} ${grant.work.rungs.length}`);
          await agent.finish(grant);
        }
      }
      await test.settle();
    }
    const rungs = before.plan?.rungs.length ?? 0;
    assert.deepEqual(done, [...Array<string>(3).fill("0 1"), ...Array<string>(3).fill(`1 ${rungs}`)]);
    const { asset } = await test.view(second);
    assert.deepEqual([asset.edition, asset.nextEdition, asset.plan?.rungs], [1, null, before.plan?.rungs]);
  });
});
