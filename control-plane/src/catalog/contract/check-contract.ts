// Contract: the check before an asset is ready: what it found is kept, and one that found a rule broken that must hold
// has died of it, so that it can be tried again.
import assert from "node:assert/strict";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { CheckReport } from "@vstream/core/media.ts";
import type { Catalog, TaskReport } from "../catalog.ts";
import type { TaskRecord } from "../records.ts";
import { aFailure, aReport, aSuccess, aTask, now } from "./builders.ts";
import { addNode, addTask, decide, plannedAsset, startTask, uploadedAsset, viewOf } from "./steps.ts";

const actor = { at: now, actor: "user:test" } as const;
const should = { rule: "Apple 1.18", level: "should", subject: "480p", message: "12.000 frames a second" } as const;
const must = { rule: "Apple 7.3", level: "must", subject: "480p, segment 2", message: "a tfdt is late" } as const;

function aCheck(assetId: AssetId) {
  return aTask(assetId, { kind: "check", pieceId: "" });
}

function findings(check: CheckReport | null): TaskReport["outcome"] {
  const outcome = aSuccess([]);
  assert.ok(outcome.kind === "succeeded");
  return { ...outcome, check };
}

/** An asset that is playable, and its check, which runs. */
async function checkedAsset(catalog: Catalog, home: NodeId): Promise<{ assetId: AssetId; running: TaskRecord }> {
  const { id: assetId } = await plannedAsset(catalog, [home]);
  await decide(catalog, { kind: "set-asset-state", assetId, from: "processing", to: "playable", error: null });
  return { assetId, running: await startTask(catalog, aCheck(assetId), home) };
}

export function describeChecks(catalog: () => Catalog): void {
  describe("the check before ready", () => {
    const report = (running: TaskRecord, outcome: TaskReport["outcome"]) =>
      catalog().commands.recordReport(aReport(catalog(), running, { outcome }));
    const stateOf = async ({ id }: TaskRecord) => (await catalog().queries.getTask(id))?.state;
    const checkOf = async (assetId: AssetId) => (await viewOf(catalog(), assetId)).asset.check;

    it("is kept with its asset, and has succeeded, when no rule is broken that must hold", async () => {
      const { id: home } = await addNode(catalog());
      const { assetId, running } = await checkedAsset(catalog(), home);
      assert.equal(await checkOf(assetId), null);
      const check = { rules: 70, findings: [should] };
      assert.equal(await report(running, findings(check)), "accepted");
      assert.deepEqual([await checkOf(assetId), await stateOf(running)], [check, "succeeded"]);
      assert.equal((await catalog().queries.getAsset(assetId))?.asset.check?.findings.length, 1);
      assert.equal(await report(running, findings({ rules: 1, findings: [] })), "accepted", "again");
      assert.deepEqual(await checkOf(assetId), check);
    });

    it("is dead when one is, with the rule as its error, and can be tried again", async () => {
      const { id: home } = await addNode(catalog());
      const { assetId, running } = await checkedAsset(catalog(), home);
      assert.equal(await report(running, findings({ rules: 70, findings: [must, should] })), "accepted");
      const { deadTasks, asset } = await viewOf(catalog(), assetId);
      assert.deepEqual([deadTasks[0]?.kind, deadTasks[0]?.error?.code], ["check", "authoring_rule_broken"]);
      assert.deepEqual(asset.check?.findings, [must, should]);
      const error = deadTasks[0]?.error ?? null;
      await decide(catalog(), { kind: "set-asset-state", assetId, from: "playable", to: "failed", error });
      await catalog().commands.retryTask({ taskId: running.id, ...actor });
      const again = await viewOf(catalog(), assetId);
      assert.deepEqual([again.asset.error, again.openTasks.map(({ kind }) => kind)], [null, ["check"]]);
      assert.notEqual(again.asset.state, "failed");
    });

    it("is refused when it says nothing", async () => {
      const { id: home } = await addNode(catalog());
      const { assetId, running } = await checkedAsset(catalog(), home);
      await assert.rejects(report(running, findings(null)), { code: "invalid_argument" });
      assert.equal(await checkOf(assetId), null);
    });

    it("leaves nothing when it could not be made", async () => {
      const { id: home } = await addNode(catalog());
      const { assetId, running } = await checkedAsset(catalog(), home);
      await report(running, aFailure(null));
      const { asset, deadTasks } = await viewOf(catalog(), assetId);
      assert.deepEqual([asset.check, asset.state, deadTasks.length], [null, "playable", 1]);
    });

    it("is asked for only of an asset that is planned and goes on", async () => {
      const { id: home } = await addNode(catalog());
      const uploaded = await uploadedAsset(catalog(), [home]);
      await assert.rejects(addTask(catalog(), aCheck(uploaded.id)));
    });
  });
}
