import assert from "node:assert/strict";
import type { ErrorCode } from "@vstream/core/errors.ts";
import {
  audioPieceId,
  imagesPieceId,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "@vstream/core/ids.ts";
import type { CheckReport } from "@vstream/core/media.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { assignLeases } from "./assign-leases.ts";
import type { Decision } from "./decisions.ts";
import { plan } from "./plan.ts";
import { buildInput, buildNode, buildRich, buildTask, buildView } from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";
import { timeLimitMs } from "./time-limit.ts";

const [a, b, c] = ["a", "b", "c"].map((name) => buildNode(name)) as [NodeRecord, NodeRecord, NodeRecord];
const must = { rule: "Apple 7.3", level: "must", subject: "480p, segment 2", message: "a tfdt is 9, where 8 is due" };
const found = (...levels: readonly ("must" | "should")[]): CheckReport => ({
  rules: 70,
  findings: levels.map((level) => ({ ...must, level })),
});
const finished = buildRich(["a", "b"], { state: "playable", check: null });
const task = buildTask("check", { rank: 2 });

function decide(parts: ViewParts, nodes: readonly NodeRecord[] = [a, b, c]): Decision[] {
  return plan(buildInput(nodes, [buildView(parts)]));
}

function checked(check: CheckReport): ViewParts {
  return { ...finished, asset: { ...finished.asset, check } };
}

function without(parts: ViewParts, ...ids: readonly string[]): ViewParts {
  return {
    ...parts,
    copies: Object.fromEntries(Object.entries(parts.copies ?? {}).filter(([id]) => !ids.includes(id))),
  };
}

/** What becomes of the check and of the asset. */
function outcomeOf(decisions: readonly Decision[]): string[] {
  return decisions.flatMap((decision) => {
    if (decision.kind === "set-asset-state") return [decision.to];
    return decision.kind === "create-task" && decision.task.kind === "check" ? ["check"] : [];
  });
}

describe("the check before an asset is ready", () => {
  it("is the last thing that it waits for", () => {
    assert.deepEqual(outcomeOf(decide(finished)), ["check"]);
    assert.deepEqual(outcomeOf(decide({ ...finished, open: [task] })), []);
    assert.deepEqual(outcomeOf(decide(checked(found()))), ["ready"]);
  });

  it("begins when all is made, of the extras what is not given up", () => {
    for (const id of [textPieceId(0), imagesPieceId]) {
      const kind = id === imagesPieceId ? "images" : "text";
      assert.deepEqual(outcomeOf(decide(without(finished, id))), [], id);
      const dead = [buildTask(kind, { pieceId: id, state: "dead" })];
      assert.deepEqual(outcomeOf(decide({ ...without(finished, id), dead })), ["check"], id);
    }
    const growing = { ...finished, asset: { ...finished.asset, releasedChunks: 1 } };
    assert.deepEqual(outcomeOf(decide(growing)), []);
    assert.deepEqual(outcomeOf(decide({ ...finished, asset: { ...finished.asset, measured: null } })), []);
  });

  it("begins while copies are made, once one home has all that it reads", () => {
    const copies = { ...finished.copies, [videoPieceId(1)]: ["b"], [audioPieceId(0, 0)]: ["b"] };
    assert.deepEqual(outcomeOf(decide({ ...finished, copies })), ["check"]);
    const scattered = { ...finished.copies, [videoPieceId(1)]: ["b"], [audioPieceId(0, 0)]: ["a"] };
    assert.deepEqual(outcomeOf(decide({ ...finished, copies: scattered })), []);
    assert.deepEqual(outcomeOf(decide({ ...checked(found()), copies })), [], "and copies are waited for all the same");
  });

  it("does not ask for a source and a timeline that are gone for good", () => {
    const gone = { ...finished, copies: { ...finished.copies, [sourcePieceId]: [], [timelinePieceId]: [] } };
    assert.deepEqual(outcomeOf(decide(gone)), ["check"]);
  });

  it("fails the asset by a rule that must hold, and names rule, place and figures", () => {
    const decisions = decide(checked(found("must", "should")));
    assert.deepEqual(outcomeOf(decisions), ["failed"]);
    const [failed] = decisions;
    assert.ok(failed?.kind === "set-asset-state" && failed.error !== null);
    assert.equal(failed.error.code, "authoring_rule_broken");
    assert.match(failed.error.message, /Apple 7\.3, in 480p, segment 2: a tfdt is 9, where 8 is due$/);
  });

  it("counts the other rules that are broken", () => {
    const findings = [...found("must", "must").findings, { ...must, rule: "DASH", level: "must" as const }];
    const [failed] = decide(checked({ rules: 70, findings }));
    assert.ok(failed?.kind === "set-asset-state");
    assert.match(failed.error?.message ?? "", /breaks the rule Apple 7\.3 \(and 1 more\), in /);
  });

  it("lets rules that should hold be broken", () => {
    assert.deepEqual(outcomeOf(decide(checked(found("should")))), ["ready"]);
  });

  it("is given up when it cannot be made, and costs no asset", () => {
    const dead = [{ ...task, state: "dead" as const }];
    assert.deepEqual(outcomeOf(decide({ ...finished, dead })), ["ready"]);
  });

  it("is made anew a little later when nodes or the network were in its way", () => {
    const at = buildInput([], []).snapshot.at;
    const died = (code: ErrorCode) => [
      { ...task, state: "dead" as const, finishedAt: at, error: { code, message: "no", hint: "" } },
    ];
    for (const code of ["lease_lost", "unavailable", "object_missing"] as const) {
      const decisions = decide({ ...finished, dead: died(code) });
      assert.deepEqual(outcomeOf(decisions), ["check"], code);
      const again = decisions.find((one) => one.kind === "create-task" && one.task.kind === "check");
      assert.ok(again?.kind === "create-task");
      assert.equal(again.task.notBefore, at + 30_000);
    }
    for (const code of ["internal", "timed_out"] as const) {
      assert.deepEqual(outcomeOf(decide({ ...finished, dead: died(code) })), ["ready"], code);
    }
  });

  it("is not made of what was ready once and was lost for a time, whatever rules came since", () => {
    const before = (check: CheckReport | null): ViewParts => ({
      ...finished,
      asset: { ...finished.asset, readyAt: 1, check },
    });
    assert.deepEqual(outcomeOf(decide(before(null))), ["ready"]);
    assert.deepEqual(outcomeOf(decide(before(found("must")))), ["ready"]);
  });

  it("goes on when it is tried again after it has found something", () => {
    const open = [task];
    assert.deepEqual(outcomeOf(decide({ ...checked(found("must")), open })), []);
    assert.deepEqual(outcomeOf(decide(checked(found("should")))), ["ready"]);
  });

  it("is not made of what was ready before there were checks", () => {
    const ready = { ...finished, asset: { ...finished.asset, state: "ready" as const } };
    assert.deepEqual(
      decide(ready).map(({ kind }) => kind),
      ["settle-asset"],
    );
  });

  it("keeps what it failed for a time, for somebody who has it tried again", () => {
    const { error } = decide(checked(found("must")))[0] as Extract<Decision, { kind: "set-asset-state" }>;
    const parts = checked(found("must"));
    const dead = [{ ...task, state: "dead" as const, finishedAt: buildInput([], []).snapshot.at, error }];
    const failed = { ...parts, asset: { ...parts.asset, state: "failed" as const, error }, dead };
    assert.deepEqual(
      decide(failed).filter(({ kind }) => kind !== "set-homes"),
      [],
    );
  });
});

describe("where a check is made", () => {
  const assign = (parts: ViewParts, nodes: readonly NodeRecord[] = [a, b, c], open = [task]) => {
    const input = buildInput(nodes, [buildView({ ...parts, open })]);
    const connected = new Set(nodes.map(({ id }) => id));
    return assignLeases({ ...input, connected, failedOn: new Map() });
  };
  const all = Object.keys(finished.copies ?? {});
  const held = (holders: readonly string[]): ViewParts => ({
    ...finished,
    copies: Object.fromEntries(all.map((id) => [id, holders])),
  });

  it("is a home that has all of it", () => {
    const parts = { ...finished, copies: { ...finished.copies, [videoPieceId(0)]: ["b", "c"] } };
    const [lease] = assign(parts);
    assert.equal(lease?.nodeId, "b");
    assert.deepEqual(lease.work, { kind: "check", holders: ["a", "c"], edition: 0 });
    assert.ok(timeLimitMs(lease.work) >= 3_600_000);
  });

  it("is a node that takes no other work when it alone has all of it, and no draining one", () => {
    const cordoned = [buildNode("a", { scheduling: "cordoned" }), b, c];
    assert.equal(assign(held(["a"]), cordoned)[0]?.nodeId, "a");
    const draining = [buildNode("a", { scheduling: "draining" }), b, c];
    assert.equal(assign(held(["a"]), draining)[0]?.nodeId, "b");
  });

  it("is of any build, one on a node at a time, beside whatever is encoded there", () => {
    const other = buildNode("a", { toolchain: "x9", encodeSlots: 1 });
    const transcode = buildTask("transcode", { state: "leased", nodeId: other.id });
    assert.equal(assign(held(["a"]), [other], [task, transcode])[0]?.nodeId, "a");
    const running = buildTask("check", { state: "leased", nodeId: other.id });
    assert.deepEqual(assign(held(["a"]), [other], [running, { ...task, id: transcode.id }]), []);
  });

  it("waits while something that it reads has no copy on a node that is up", () => {
    const away = buildNode("a", { health: "suspect" });
    assert.deepEqual(assign(held(["a"]), [away, b]), []);
  });
});
