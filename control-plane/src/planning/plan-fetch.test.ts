import assert from "node:assert/strict";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { Sha256, TaskId } from "@vstream/core/ids.ts";
import type { NodeRecord, TaskRecord } from "../catalog/records.ts";
import { assignLeases } from "./assign-leases.ts";
import { plan } from "./plan.ts";
import { buildInput, buildNode, buildTask, buildView, nodeId, now, settings } from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";
import { timeLimitMs } from "./time-limit.ts";

const url = "https://films.example/a.mp4";
const nodes = [buildNode("a"), buildNode("b", { region: "us" }), buildNode("c")];
const down = { health: "down", healthSince: now - 1_000 } as const;
const fetchTask = (changes: Partial<TaskRecord> = {}): TaskRecord =>
  buildTask("fetch", { pieceId: sourcePieceId, ...changes });

function inputOf(parts: ViewParts, around: readonly NodeRecord[] = nodes) {
  const asset = { state: "uploading", sourceUrl: url, sourceSha256: null, sourceBytes: 0, ...parts.asset } as const;
  return buildInput(around, [buildView({ ...parts, asset })]);
}

function assign(
  task: TaskRecord,
  { around = nodes, failedOn = "" }: { around?: NodeRecord[]; failedOn?: string } = {},
) {
  const connected = new Set(around.filter(({ health }) => health === "up").map(({ id }) => id));
  const failures = failedOn === "" ? [] : ([[task.id, nodeId(failedOn)]] as const);
  return assignLeases({ ...inputOf({ open: [task] }, around), connected, failedOn: new Map(failures) });
}

describe("an asset whose source comes from a URL", () => {
  it("gets one task to fetch it", () => {
    const [decision, ...others] = plan(inputOf({}));
    assert.ok(decision?.kind === "create-task");
    assert.deepEqual([decision.task.kind, decision.task.pieceId, decision.task.nodeId], ["fetch", sourcePieceId, null]);
    assert.deepEqual(others, []);
    assert.deepEqual(plan(inputOf({ open: [fetchTask()] })), []);
  });

  it("gets none once the source is there, nor when it is uploaded", () => {
    const kinds = (parts: ViewParts) =>
      plan(inputOf(parts)).map((decision) => (decision.kind === "create-task" ? decision.task.kind : decision.kind));
    assert.ok(!kinds({ copies: { source: ["a"] } }).includes("fetch"));
    assert.deepEqual(kinds({ asset: { sourceUrl: null } }), []);
  });

  it("fails with what killed the fetch, and when it takes too long", () => {
    const error = { code: "source_not_found", message: "404", hint: "" } as const;
    const [decision] = plan(inputOf({ dead: [fetchTask({ state: "dead", error })] }));
    assert.ok(decision?.kind === "set-asset-state");
    assert.deepEqual([decision.to, decision.error?.code], ["failed", "source_not_found"]);
    const [late] = plan(inputOf({ open: [fetchTask({ createdAt: now - 86_400_001 })] }));
    assert.ok(late?.kind === "set-asset-state");
    assert.equal(late.error?.code, "upload_failed");
  });

  it("has its day from when the fetch was begun or tried again, not from when the asset was made", () => {
    const asset = { createdAt: now - 172_800_000 };
    assert.deepEqual(plan(inputOf({ asset, open: [fetchTask()] })), []);
    assert.equal(plan(inputOf({ asset }))[0]?.kind, "create-task");
  });

  it("is fetched again when its source is gone with its only node, and waits for nobody", () => {
    const gone = { ...down, healthSince: now - 300_001 };
    const around = [buildNode("a", gone), buildNode("b"), buildNode("c")];
    const of = (parts: ViewParts, state: "uploading" | "processing" = "uploading") => {
      const asset = { state, sourceSha256: "f".repeat(64) as Sha256, sourceBytes: 700 } as const;
      const lost = { copies: { source: ["a"] }, ...parts, asset: { ...asset, ...parts.asset } };
      return plan(inputOf(lost, around)).map((decision) => {
        if (decision.kind === "create-task") return decision.task.kind;
        return decision.kind === "set-asset-state" ? [decision.to, decision.error?.code] : decision.kind;
      });
    };
    assert.deepEqual(of({}), ["set-homes", "fetch"]);
    assert.deepEqual(of({}, "processing"), [["uploading", undefined]]);
    assert.deepEqual(of({ asset: { sourceUrl: null } }), [["failed", "object_missing"]]);
    // What was there once may come back with its node.
    assert.deepEqual(of({ dead: [fetchTask({ state: "dead" })] }), [["failed", "object_missing"]]);
    const open = [fetchTask()];
    assert.ok(of({ open, copies: { source: ["b"] } }).includes("cancel-task"));
    assert.ok(!of({ open }).includes("cancel-task"));
  });

  it("moves on from a first home that is down, unlike an upload", () => {
    const around = [buildNode("a", down), buildNode("b", { region: "us" }), buildNode("c")];
    const homesOf = (sourceUrl: string | null) =>
      plan(inputOf({ asset: { sourceUrl }, open: [fetchTask()] }, around)).flatMap((decision) =>
        decision.kind === "set-homes" ? decision.homes : [],
      );
    assert.deepEqual(homesOf(url), ["b", "c"]);
    assert.deepEqual(homesOf(null), []);
  });

  it("fails when more has come than a source may have, unlike an upload", () => {
    const of = (changes: ViewParts["asset"]) => {
      const sourceBytes = settings.maxSourceBytes + 1;
      const [decision] = plan(inputOf({ asset: { sourceBytes, ...changes }, copies: { source: ["a"] } }));
      return decision?.kind === "set-asset-state" ? decision.error?.code : decision?.kind;
    };
    assert.equal(of({}), "source_too_large");
    assert.notEqual(of({ sourceBytes: settings.maxSourceBytes }), "source_too_large");
    assert.notEqual(of({ sourceUrl: null }), "source_too_large");
  });

  it("leaves nothing of a duplicate, and deletes it at once", () => {
    const error = { code: "duplicate_source", message: "the same bytes", hint: "" } as const;
    const [decision] = plan(inputOf({ asset: { state: "failed", error }, copies: { source: ["a"] } }));
    assert.ok(decision?.kind === "create-task");
    assert.deepEqual([decision.task.kind, decision.task.nodeId], ["discard", "a"]);
  });
});

describe("a fetch", () => {
  it("is the work of the first home, which is told the URL", () => {
    const [assignment] = assign(fetchTask());
    assert.deepEqual(
      [assignment?.nodeId, assignment?.work],
      ["a", { kind: "fetch", url, limitBytes: settings.maxSourceBytes }],
    );
  });

  it("goes on where it was begun, though it failed there", () => {
    const error = { code: "source_unavailable", message: "reset", hint: "" } as const;
    for (const begun of ["a", "b"]) {
      const waits = fetchTask({ state: "waiting", error, nodeId: nodeId(begun) });
      assert.equal(assign(waits, { failedOn: begun })[0]?.nodeId, begun);
    }
  });

  it("goes to another home that takes work, and for want of room", () => {
    const cordoned = [buildNode("a", { scheduling: "cordoned" }), buildNode("b"), buildNode("c")];
    assert.equal(assign(fetchTask(), { around: cordoned })[0]?.nodeId, "b");
    const error = { code: "storage_full", message: "no room", hint: "" } as const;
    const full = fetchTask({ state: "waiting", error, nodeId: nodeId("a") });
    assert.equal(assign(full, { failedOn: "a" })[0]?.nodeId, "b");
    const decisions = plan(inputOf({ asset: { homes: [nodeId("a"), nodeId("b")] }, open: [full] }));
    assert.deepEqual(
      decisions.flatMap((decision) => (decision.kind === "set-homes" ? decision.homes : [])),
      ["b", "c"],
    );
    const pinned = { homes: [nodeId("a"), nodeId("b")], pins: [nodeId("a")] };
    assert.deepEqual(plan(inputOf({ asset: pinned, open: [full] })), []);
  });

  it("is one of two at most on a node", () => {
    const running = [1, 2].map((number) =>
      fetchTask({ id: `ta-${String(number)}` as TaskId, state: "leased", nodeId: nodeId("a") }),
    );
    const waits = inputOf({ open: [fetchTask()] });
    const busy = { ...buildView({ open: running }), asset: { ...buildView({}).asset } };
    const snapshot = { ...waits.snapshot, assets: [...waits.snapshot.assets, busy] };
    const connected = new Set(nodes.map(({ id }) => id));
    const assigned = (around: typeof snapshot) =>
      assignLeases({ ...waits, snapshot: around, connected, failedOn: new Map() }).map((one) => one.nodeId);
    // What is not begun need not wait for it.
    assert.deepEqual(assigned(snapshot), ["b"]);
    const begun = fetchTask({ nodeId: nodeId("a"), attempt: 1 });
    assert.deepEqual(assigned({ ...snapshot, assets: [...inputOf({ open: [begun] }).snapshot.assets, busy] }), []);
    const one = { ...snapshot, assets: [...waits.snapshot.assets, { ...busy, openTasks: running.slice(1) }] };
    assert.equal(assignLeases({ ...waits, snapshot: one, connected, failedOn: new Map() }).length, 1);
  });

  it("may take a day", () => {
    assert.equal(timeLimitMs({ kind: "fetch", url, limitBytes: null }), 86_400_000);
  });
});
