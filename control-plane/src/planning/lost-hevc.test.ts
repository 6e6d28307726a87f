import assert from "node:assert/strict";
import { sourcePieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetRecord, NodeRecord } from "../catalog/records.ts";
import { chooseLadder } from "./choose-ladder.ts";
import type { Decision } from "./decisions.ts";
import { plan } from "./plan.ts";
import {
  buildFinished,
  buildInput,
  buildNode,
  buildPlan,
  buildProbe,
  buildTask,
  buildView,
  nodeId,
  now,
  settings,
} from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";

const probe = buildProbe({ segments: 2, width: 1280, height: 720 });
const modern = { ...buildPlan(probe), rungs: chooseLadder("modern", probe).rungs };
const held = { [sourcePieceId]: ["a", "b"], [timelinePieceId]: ["a", "b"] };
const planned: ViewParts = { asset: { probe, plan: modern, ladder: "modern" }, copies: held };
const begun: ViewParts = { ...planned, copies: { ...held, [videoPieceId(0)]: ["a", "b"] } };

const [a, b] = [buildNode("a"), buildNode("b")];
const hevc = (changes: Partial<NodeRecord> = {}): NodeRecord => buildNode("c", { toolchain: "x1+h1", ...changes });
const goneForGood = { health: "down", healthSince: now - settings.repairHoldMs } as const;
const down = { health: "down", healthSince: now - settings.repairHoldMs + 1 } as const;

function decide(parts: ViewParts, ...nodes: readonly NodeRecord[]): Decision[] {
  return plan(buildInput(nodes, [buildView(parts)]));
}

/** What becomes of the asset; null: work on it goes on, or is waited for. */
function outcome(parts: ViewParts, ...nodes: readonly NodeRecord[]): string | null {
  for (const decision of decide(parts, ...nodes)) {
    if (decision.kind === "drop-hevc" || decision.kind === "give-up-edition") return decision.kind;
    if (decision.kind === "set-asset-state") return decision.error?.code ?? decision.to;
  }
  return null;
}

describe("rungs in HEVC", () => {
  it("are planned only where a node makes them that takes work, or was not away for long", () => {
    const rungsWith = (node: NodeRecord): number => {
      const asset = { probe, ladder: "modern" };
      const found = decide({ asset, copies: held }, a, b, node).find((one) => one.kind === "set-plan");
      return found?.plan.rungs.filter(({ codec }) => codec === "hevc").length ?? -1;
    };
    assert.deepEqual([hevc(), hevc(down), hevc({ health: "suspect" })].map(rungsWith), [2, 2, 2]);
    const useless = [goneForGood, { scheduling: "cordoned" }, { scheduling: "draining" }, { scheduling: "drained" }];
    assert.deepEqual(
      useless.map((changes) => rungsWith(hevc(changes as Partial<NodeRecord>))),
      [0, 0, 0, 0],
    );
  });

  it("that nobody can make any more are dropped while none of the video is made", () => {
    assert.deepEqual(decide(planned, a, b), [{ kind: "drop-hevc", assetId: buildView(planned).asset.id, edition: 0 }]);
    for (const changes of [goneForGood, { scheduling: "cordoned" }] as const) {
      assert.equal(outcome(planned, a, b, hevc(changes)), "drop-hevc");
    }
    assert.equal(outcome(planned, a, b, hevc(down)), null);
    const plain = { ...planned, asset: { ...planned.asset, plan: buildPlan(probe) } };
    assert.equal(outcome(plain, a, b), null);
  });

  it("are waited for while somebody encodes them", () => {
    const cordoned = hevc({ scheduling: "cordoned" });
    const open = [buildTask("transcode", { pieceId: videoPieceId(0), state: "leased", nodeId: nodeId("c") })];
    assert.equal(outcome({ ...planned, open }, a, b, cordoned), null);
  });

  it("fail an asset that has some, unless a node that can make them may come back", () => {
    for (const around of [
      [a, b],
      [a, b, hevc(goneForGood)],
      [a, b, hevc({ scheduling: "draining" })],
    ]) {
      assert.equal(outcome(begun, ...around), "no_node_available");
    }
    for (const changes of [down, { scheduling: "cordoned" }] as const) {
      assert.equal(outcome(begun, a, b, hevc(changes)), null);
    }
  });

  it("do not fail an asset of which all is there", () => {
    const parts = buildFinished(["a", "b"], {
      plan: { ...modern, chunks: buildPlan(probe).chunks },
      state: "playable",
    });
    assert.equal(outcome(parts, a, b), "ready");
  });

  it("let the asset go on when they can be made again, and cost nothing of it meanwhile", () => {
    const error = { code: "no_node_available", message: "no", hint: "" } as const;
    const asset: Partial<AssetRecord> = { ...begun.asset, state: "failed", error, releasedChunks: 1 };
    assert.equal(outcome({ ...begun, asset }, a, b, hevc()), "playable");
    const old = { healthSince: now - 10 * settings.trashMs };
    const kept = decide({ ...begun, asset }, buildNode("a", old), buildNode("b", old));
    assert.ok(kept.every(({ kind }) => kind !== "create-task" && kind !== "settle-asset"));
  });

  it("of a next edition are dropped, or end it", () => {
    const present = buildFinished(["a", "b"]);
    const nextEdition = {
      edition: 1,
      ladder: "modern",
      plan: { ...modern, chunks: present.asset!.plan!.chunks },
      check: null,
    };
    const parts = { ...present, asset: { ...present.asset, nextEdition } };
    const [dropped] = decide(parts, a, b);
    assert.ok(dropped?.kind === "drop-hevc");
    assert.equal(dropped.edition, 1);
    const some = { ...parts, copies: { ...parts.copies, [videoPieceId(0, 1)]: ["a", "b"] } };
    assert.equal(outcome(some, a, b), "give-up-edition");
  });
});
