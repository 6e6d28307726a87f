import assert from "node:assert/strict";
import { sourcePieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetRecord, NodeRecord } from "../catalog/records.ts";
import type { Decision } from "./decisions.ts";
import { plan } from "./plan.ts";
import { buildFinished, buildInput, buildNode, buildTask, buildView, nodeId, now } from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";

const [a, b, c] = [buildNode("a"), buildNode("b", { region: "us" }), buildNode("c")];
const finished = buildFinished(["a", "b"]);

function decide(parts: ViewParts, around: readonly NodeRecord[] = [a, b, c]): Decision[] {
  return plan(buildInput(around, [buildView(parts)]));
}

function homesOf(decisions: readonly Decision[]) {
  return decisions.find((decision) => decision.kind === "set-homes")?.homes;
}

function kindsOf(decisions: readonly Decision[]): string[] {
  return decisions.map((decision) => (decision.kind === "create-task" ? decision.task.kind : decision.kind));
}

describe("a ready asset", () => {
  it("settles when every piece stands on every home", () => {
    assert.deepEqual(kindsOf(decide(finished)), ["settle-asset"]);
  });

  it("settles with fewer homes than wanted when there are no other nodes", () => {
    const parts = buildFinished(["a"], { homes: [nodeId("a")] });
    assert.deepEqual(kindsOf(decide(parts, [a])), ["settle-asset"]);
  });

  it("does not settle while a node that could be its second home has no room", () => {
    const full = buildNode("b", { region: "us", usedBytes: 1_000_000_000_000 });
    assert.deepEqual(kindsOf(decide(buildFinished(["a"], { homes: [nodeId("a")] }), [a, full])), []);
  });

  it("gives up copying a piece that is no more", () => {
    const open = [buildTask("replicate", { pieceId: videoPieceId(9), nodeId: nodeId("b") })];
    assert.deepEqual(kindsOf(decide({ ...finished, open })), ["cancel-task"]);
  });

  it("gets another home as soon as there is one", () => {
    const decisions = decide(buildFinished(["a"], { homes: [nodeId("a")] }), [a, b]);
    assert.deepEqual(homesOf(decisions), ["a", "b"]);
    assert.ok(kindsOf(decisions).includes("replicate"));
  });

  it("moves nothing while a home is suspect, or down for less than the hold", () => {
    for (const health of ["suspect", "down"] as const) {
      const away = buildNode("b", { region: "us", health, healthSince: now - 299_000 });
      assert.deepEqual(kindsOf(decide(finished, [a, away, c])), []);
    }
  });

  it("lists a home that is down last", () => {
    const away = buildNode("a", { health: "down", healthSince: now });
    assert.deepEqual(homesOf(decide(finished, [away, b, c])), ["b", "a"]);
  });

  it("replaces a home that was down for the hold", () => {
    const away = buildNode("b", { region: "us", health: "down", healthSince: now - 300_000 });
    const decisions = decide(finished, [a, away, c]);
    assert.deepEqual(homesOf(decisions), ["a", "c"]);
    assert.equal(kindsOf(decisions).filter((kind) => kind === "replicate").length, 6);
  });

  it("keeps a lost home in its list while no other node can take its place", () => {
    const away = buildNode("b", { region: "us", health: "down", healthSince: now - 300_000 });
    assert.deepEqual(kindsOf(decide(finished, [a, away])), []);
  });

  it("replaces a home that was removed", () => {
    assert.deepEqual(homesOf(decide(finished, [a, c])), ["a", "c"]);
  });

  it("copies again what a home has lost", () => {
    const decisions = decide({ ...finished, copies: { ...finished.copies, [videoPieceId(1)]: ["a"] } });
    assert.deepEqual(
      decisions.map((decision) => decision.kind === "create-task" && [decision.task.pieceId, decision.task.nodeId]),
      [[videoPieceId(1), "b"]],
    );
  });

  it("makes again what has no copy left anywhere", () => {
    assert.deepEqual(kindsOf(decide({ ...finished, copies: { ...finished.copies, [videoPieceId(1)]: [] } })), [
      "transcode",
    ]);
  });

  it("waits for a node that may still have the last copy", () => {
    const away = buildNode("c", { health: "down", healthSince: now - 1_000 });
    const parts = { ...finished, copies: { ...finished.copies, [videoPieceId(1)]: ["c"] } };
    assert.deepEqual(kindsOf(decide(parts, [a, b, away])), []);
  });

  it("fails when what was lost cannot be made again", () => {
    const copies = { ...finished.copies, [videoPieceId(1)]: [], [sourcePieceId]: [] };
    const [decision, ...others] = decide({ ...finished, copies });
    assert.ok(decision?.kind === "set-asset-state");
    assert.deepEqual([decision.to, decision.error?.code, others], ["failed", "object_missing", []]);
  });

  it("waits for a node that reads again what is gone, before it fails", () => {
    const copies = { ...finished.copies, [videoPieceId(1)]: [], [sourcePieceId]: [] };
    const other = buildTask("verify", { nodeId: nodeId("b"), discardPieceIds: [videoPieceId(0)] });
    assert.deepEqual(kindsOf(decide({ ...finished, copies, open: [other] })), ["set-asset-state"]);
    const reads = buildTask("verify", { nodeId: nodeId("b"), discardPieceIds: [videoPieceId(1)] });
    assert.deepEqual(kindsOf(decide({ ...finished, copies, open: [reads] })), []);
  });

  it("stays ready without its source, and the timeline of it, while all that viewers get is there", () => {
    const copies = { ...finished.copies, [sourcePieceId]: [] };
    assert.deepEqual(kindsOf(decide({ ...finished, copies })), []);
    assert.deepEqual(kindsOf(decide({ ...finished, copies: { ...copies, [timelinePieceId]: [] } })), []);
  });

  it("stays ready while a node that is down may bring back what is gone", () => {
    const away = buildNode("c", { health: "down", healthSince: now - 86_400_000 });
    const copies = { ...finished.copies, [videoPieceId(1)]: ["c"], [sourcePieceId]: ["c"] };
    assert.deepEqual(kindsOf(decide({ ...finished, copies }, [a, b, away])), []);
  });
});

describe("copies on nodes that are no homes", () => {
  const surplus = { ...finished, copies: { ...finished.copies, [videoPieceId(1)]: ["a", "b", "c"] } };

  it("are discarded when the homes hold enough", () => {
    const [decision] = decide(surplus);
    assert.ok(decision?.kind === "create-task");
    assert.deepEqual(
      [decision.task.kind, decision.task.nodeId, decision.task.discardPieceIds],
      ["discard", "c", [videoPieceId(1)]],
    );
  });

  it("stay while a home lacks its copy", () => {
    const parts = { ...finished, copies: { ...finished.copies, [videoPieceId(1)]: ["a", "c"] } };
    assert.deepEqual(kindsOf(decide(parts)), ["replicate"]);
  });

  it("stay while a home is down, even where the cluster has become small", () => {
    const away = buildNode("b", { region: "us", health: "down", healthSince: now });
    assert.ok(!kindsOf(decide(surplus, [a, away, c])).includes("discard"));
  });

  it("stay while a home is down for good and all other nodes are drained", () => {
    const open = [buildTask("discard", { nodeId: nodeId("c"), discardPieceIds: [videoPieceId(1)] })];
    const leaving = (name: string) => buildNode(name, { scheduling: "draining" });
    const away = buildNode("b", { scheduling: "draining", health: "down", healthSince: now - 300_000 });
    const decisions = decide({ ...surplus, open }, [leaving("a"), away, leaving("c")]);
    assert.ok(kindsOf(decisions).includes("cancel-task"), "the catalog would never lease it");
  });

  it("are not waited for on a node that is down for the hold", () => {
    const open = [buildTask("discard", { nodeId: nodeId("c"), discardPieceIds: [videoPieceId(1)] })];
    const since = (ms: number) => buildNode("c", { health: "down", healthSince: now - ms });
    assert.deepEqual(kindsOf(decide({ ...surplus, open }, [a, b, since(299_000)])), []);
    assert.deepEqual(kindsOf(decide({ ...surplus, open }, [a, b, since(300_000)])), ["cancel-task"]);
  });

  it("stay when a discard has become wrong: it is cancelled", () => {
    const open = [buildTask("discard", { nodeId: nodeId("c"), discardPieceIds: [videoPieceId(1)] })];
    const away = buildNode("b", { region: "us", health: "down", healthSince: now });
    assert.ok(kindsOf(decide({ ...surplus, open }, [a, away, c])).includes("cancel-task"));
    assert.deepEqual(kindsOf(decide({ ...surplus, open })), []);
  });

  it("do not count as copies once they are being discarded, nor is that node made a home", () => {
    const open = [buildTask("discard", { nodeId: nodeId("c"), discardPieceIds: [videoPieceId(1)] })];
    const away = buildNode("b", { region: "us", health: "down", healthSince: now - 300_000 });
    assert.equal(homesOf(decide({ ...surplus, open }, [a, away, c])), undefined);
  });

  it("on a node that is suspect are not forgotten: the asset does not settle", () => {
    assert.deepEqual(kindsOf(decide(surplus, [a, b, buildNode("c", { health: "suspect" })])), []);
  });
});

describe("an asset that failed", () => {
  const notMedia = { code: "not_media", message: "no", hint: "" } as const;
  const broken = { code: "ffmpeg_failed", message: "no", hint: "" } as const;
  const failed = (changes: Partial<AssetRecord>): Partial<AssetRecord> => ({ state: "failed", ...changes });

  it("leaves nothing behind when its source was refused", () => {
    const decisions = decide({ asset: failed({ error: notMedia }), copies: { source: ["a", "b"] } });
    assert.deepEqual(
      decisions.map(
        (decision) => decision.kind === "create-task" && [decision.task.nodeId, decision.task.discardPieceIds],
      ),
      [
        ["a", []],
        ["b", []],
      ],
    );
  });

  it("leaves nothing behind when it was cancelled, whatever died of it before", () => {
    const error = { code: "cancelled", message: "no", hint: "" } as const;
    const dead = [buildTask("transcode", { state: "dead", finishedAt: now - 1_000 })];
    assert.deepEqual(kindsOf(decide({ asset: failed({ error }), copies: { source: ["a"] }, dead })), ["discard"]);
  });

  it("settles once nothing is left", () => {
    assert.deepEqual(kindsOf(decide({ asset: failed({ error: notMedia }) })), ["settle-asset"]);
  });

  it("is kept for a retry when another try may help", () => {
    const at = (finishedAt: number) => [buildTask("transcode", { state: "dead", finishedAt })];
    const parts = { asset: failed({ error: broken }), copies: { source: ["a"] } };
    assert.deepEqual(decide({ ...parts, dead: at(now - 1_000) }), []);
    assert.deepEqual(kindsOf(decide({ ...parts, dead: at(now - 86_400_000) })), ["discard"]);
  });

  it("is never taken away once it was ready, whatever went wrong since, unless somebody cancelled it", () => {
    const copies = { source: ["a"] };
    const dead = [buildTask("transcode", { state: "dead", finishedAt: 1 })];
    for (const code of ["authoring_rule_broken", "ffmpeg_failed", "not_media", "internal"] as const) {
      const asset = failed({ error: { code, message: "no", hint: "" }, readyAt: 1 });
      assert.ok(!kindsOf(decide({ asset, copies, dead })).includes("discard"), code);
    }
    const cancelled = failed({ error: { code: "cancelled", message: "no", hint: "" }, readyAt: 1 });
    assert.deepEqual(kindsOf(decide({ asset: cancelled, copies })), ["discard"]);
  });

  describe("because its source was away", () => {
    const missing = { code: "object_missing", message: "away", hint: "" } as const;
    const away = buildNode("c", { health: "down", healthSince: now - 300_000 });
    const copies = { source: ["c"], [videoPieceId(0)]: ["a"] };

    it("keeps what was made until its time is over", () => {
      const asset = failed({ error: missing });
      assert.deepEqual(decide({ asset, copies }, [a, b, away]), []);
      const [old, gone] = [
        { healthSince: now - 86_400_000 },
        { healthSince: now - 86_400_000, health: "down" },
      ] as const;
      const around = [buildNode("a", old), buildNode("c", gone)];
      assert.deepEqual(kindsOf(decide({ asset: { ...asset, homes: [nodeId("a")] }, copies }, around)), ["discard"]);
      const wasReady = { ...asset, homes: [nodeId("a")], readyAt: now - 1_000 };
      assert.deepEqual(kindsOf(decide({ asset: wasReady, copies }, around)), []);
    });

    it("goes on when the source is back", () => {
      const stateAfter = (releasedChunks: number) => {
        const [decision, ...others] = decide({ asset: failed({ error: missing, releasedChunks }), copies });
        assert.ok(decision?.kind === "set-asset-state");
        assert.deepEqual([decision.from, decision.error, others], ["failed", null, []]);
        return decision.to;
      };
      assert.deepEqual([stateAfter(0), stateAfter(1)], ["uploading", "playable"]);
    });

    it("stays failed when it was a task that missed something", () => {
      const dead = [buildTask("transcode", { state: "dead", finishedAt: now, error: missing })];
      assert.deepEqual(decide({ asset: failed({ error: missing }), copies, dead }), []);
    });
  });

  it("does not hold a node that is drained", () => {
    const asset = failed({ error: broken });
    const dead = [buildTask("transcode", { state: "dead", finishedAt: now })];
    const around = [buildNode("a", { scheduling: "draining" }), b, c];
    assert.deepEqual(homesOf(decide({ asset, copies: { source: ["a"] }, dead }, around)), ["b"]);
  });
});

describe("an asset in the trash", () => {
  const trashed = (age: number) => buildFinished(["a", "b"], { state: "deleting", deletedAt: now - age });

  it("is kept whole until its time is over, and rests meanwhile", () => {
    assert.deepEqual(kindsOf(decide(trashed(86_399_000))), ["settle-asset"]);
  });

  it("does not rest while a home lacks what another has, is away, or is to go", () => {
    const parts = trashed(0);
    const lacking = { ...parts, copies: { ...parts.copies, [videoPieceId(1)]: ["a"] } };
    assert.deepEqual(kindsOf(decide(lacking)), ["replicate"]);
    const gone = { ...parts, copies: { ...parts.copies, [videoPieceId(1)]: [] } };
    assert.deepEqual(kindsOf(decide(gone)), ["settle-asset"]);
    const away = buildNode("b", { region: "us", health: "down", healthSince: now });
    assert.deepEqual(kindsOf(decide(parts, [a, away, c])), []);
    const moving = buildFinished(["a", "b"], { state: "deleting", deletedAt: now, leavingHomes: [nodeId("b")] });
    assert.deepEqual(kindsOf(decide(moving, [a, b])), []);
  });

  it("rests with the one copy of a source that is never kept", () => {
    const parts = buildFinished(["a", "b"], { state: "deleting", deletedAt: now, keepSource: "never" });
    assert.deepEqual(kindsOf(decide({ ...parts, copies: { ...parts.copies, source: ["a"] } })), ["settle-asset"]);
  });

  it("is then discarded everywhere, homes too", () => {
    assert.deepEqual(kindsOf(decide(trashed(86_400_000))), ["discard", "discard"]);
  });

  it("is forgotten when no node that is up holds anything of it", () => {
    const parts = { ...trashed(86_400_000), copies: { [videoPieceId(0)]: ["b"] } };
    const away = buildNode("b", { region: "us", health: "down" });
    assert.deepEqual(kindsOf(decide(parts, [a, away, c])), ["forget-asset"]);
    const doubtful = buildNode("b", { region: "us", health: "suspect" });
    assert.deepEqual(kindsOf(decide(parts, [a, doubtful, c])), []);
  });
});
