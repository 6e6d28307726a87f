import assert from "node:assert/strict";
import { audioPieceId, sourcePieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { NodeRecord } from "../catalog/records.ts";
import type { Decision, NewTask } from "./decisions.ts";
import { plan } from "./plan.ts";
import { openTranscodesPerAsset } from "./plan-making.ts";
import {
  buildInput,
  buildNode,
  buildPlan,
  buildProbe,
  buildRichPlan,
  buildTask,
  buildView,
  nodeId,
  now,
} from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";

const nodes = [buildNode("a"), buildNode("b", { region: "us" }), buildNode("c")];
const probe = buildProbe({ segments: 3 });
const probed = { probe, plan: buildPlan(probe) };
const begun = { source: ["a", "b"], timeline: ["a", "b"] };

function decide(parts: ViewParts, around: readonly NodeRecord[] = nodes): Decision[] {
  return plan(buildInput(around, [buildView(parts)]));
}

function created(decisions: readonly Decision[], kind: NewTask["kind"]): NewTask[] {
  return decisions.flatMap((decision) =>
    decision.kind === "create-task" && decision.task.kind === kind ? [decision.task] : [],
  );
}

describe("an asset that is being made", () => {
  it("is probed first", () => {
    assert.deepEqual(
      created(decide({ copies: { source: ["a", "b"] } }), "probe").map((task) => task.pieceId),
      [timelinePieceId],
    );
  });

  it("is probed once", () => {
    const open = [buildTask("probe", { pieceId: timelinePieceId })];
    assert.deepEqual(decide({ copies: { source: ["a", "b"] }, open }), []);
  });

  it("gets its plan from the probe", () => {
    const [decision] = decide({ asset: { probe }, copies: begun });
    assert.ok(decision?.kind === "set-plan");
    assert.deepEqual(decision.plan, buildRichPlan(probe, 0));
  });

  it("has rungs in HEVC only where a node can make them", () => {
    const large = buildProbe({ width: 1280, height: 720 });
    const planned = (toolchain: string): string[] => {
      const asset = { probe: large, ladder: "modern" };
      const [decision] = decide({ asset, copies: begun }, [buildNode("a"), buildNode("b", { toolchain })]);
      return decision?.kind === "set-plan" ? decision.plan.rungs.map(({ name }) => name) : [];
    };
    assert.deepEqual(planned("x1+h1"), ["720p-hevc", "720p", "540p-hevc", "540p", "360p", "234p"]);
    assert.deepEqual(planned("x1"), ["720p", "540p", "360p", "234p"]);
  });

  it("fails when its ladder does not exist", () => {
    const [decision] = decide({ asset: { probe, ladder: "gone" }, copies: begun });
    assert.ok(decision?.kind === "set-asset-state");
    assert.equal(decision.error?.code, "invalid_argument");
  });

  it("gets a transcode for every chunk, in playing order, and an encode for every audio track", () => {
    const decisions = decide({ asset: probed, copies: begun });
    assert.deepEqual(
      created(decisions, "transcode").map((task) => [task.pieceId, task.rank, task.preRollKeyframes]),
      [0, 1, 2].map((chunk) => [videoPieceId(chunk), chunk, 1]),
    );
    assert.deepEqual(
      created(decisions, "audio").map((task) => [task.pieceId, task.rank]),
      [[audioPieceId(0, 0), 0]],
    );
  });

  it("does not queue a whole film at once", () => {
    const film = buildProbe({ segments: 1200 });
    const decisions = decide({ asset: { probe: film, plan: buildPlan(film) }, copies: begun });
    assert.equal(created(decisions, "transcode").length, openTranscodesPerAsset);
  });

  it("makes again what was lost with its node", () => {
    const around = [nodes[0]!, nodes[1]!, buildNode("c", { health: "down", healthSince: now })];
    const copies = { ...begun, [videoPieceId(0)]: ["c"], [audioPieceId(0, 0)]: ["c"], [videoPieceId(1)]: ["a", "c"] };
    const decisions = decide({ asset: probed, copies, preRolls: { [videoPieceId(0)]: 4 } }, around);
    assert.deepEqual(
      created(decisions, "transcode").map((task) => [task.pieceId, task.preRollKeyframes]),
      [
        [videoPieceId(0), 4],
        [videoPieceId(2), 1],
      ],
    );
    assert.equal(created(decisions, "audio").length, 1);
  });

  it("waits for the inventory of a node that came back", () => {
    const view = buildView({ asset: probed, copies: { ...begun, [videoPieceId(0)]: ["c"] } });
    const replicas = view.replicas.map((replica) =>
      replica.nodeId === nodeId("c") ? { ...replica, state: "suspect" as const } : replica,
    );
    const decisions = plan(buildInput(nodes, [{ ...view, replicas }]));
    assert.ok(created(decisions, "transcode").every((task) => task.pieceId !== videoPieceId(0)));
  });

  it("gives up the second making of what came back", () => {
    const moot = buildTask("transcode", { pieceId: videoPieceId(0) });
    const running = buildTask("transcode", { pieceId: videoPieceId(1), state: "leased", nodeId: nodeId("a") });
    const copies = { ...begun, [videoPieceId(0)]: ["a", "b"], [videoPieceId(1)]: ["a", "b"] };
    const cancelled = decide({ asset: probed, copies, open: [moot, running] }).filter(
      (decision) => decision.kind === "cancel-task",
    );
    assert.deepEqual(
      cancelled.map((decision) => decision.taskId),
      [moot.id],
    );
  });

  it("fails with the error of a task that died", () => {
    const error = { code: "not_media", message: "no", hint: "" } as const;
    const dead = [buildTask("probe", { pieceId: timelinePieceId, state: "dead", error })];
    const [decision, ...others] = decide({ copies: { source: ["a", "b"] }, dead });
    assert.ok(decision?.kind === "set-asset-state");
    assert.deepEqual([decision.to, decision.error, others], ["failed", error, []]);
  });

  it("does not fail for a copy that died", () => {
    const dead = [
      buildTask("replicate", { pieceId: sourcePieceId, nodeId: nodeId("b"), state: "dead", finishedAt: now }),
    ];
    assert.ok(decide({ asset: probed, copies: begun, dead }).every((decision) => decision.kind !== "set-asset-state"));
  });

  it("fails when the source is gone for good and something is still to be made", () => {
    const around = [buildNode("a", { health: "down", healthSince: now - 300_000 }), nodes[1]!, nodes[2]!];
    const [decision] = decide({ asset: probed, copies: { source: ["a"], timeline: ["b"] } }, around);
    assert.ok(decision?.kind === "set-asset-state");
    assert.equal(decision.error?.code, "object_missing");
    const [none] = decide({ asset: probed, copies: { source: [], timeline: [], [videoPieceId(0)]: ["b"] } }, around);
    assert.ok(none?.kind === "set-asset-state", "without a timeline no encode would be asked for");
  });

  it("replaces a home that is down, and copies everything to the new one", () => {
    const around = [nodes[0]!, buildNode("b", { region: "us", health: "down", healthSince: now }), nodes[2]!];
    const decisions = decide({ asset: probed, copies: begun }, around);
    const homes = decisions.find((decision) => decision.kind === "set-homes");
    assert.deepEqual(homes?.homes, ["a", "c"]);
    assert.deepEqual(
      created(decisions, "replicate").map((task) => [task.pieceId, task.nodeId]),
      [
        [sourcePieceId, "c"],
        [timelinePieceId, "c"],
      ],
    );
  });
});
