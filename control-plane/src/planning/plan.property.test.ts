// Properties that hold in every snapshot, however odd.
import assert from "node:assert/strict";
import fc from "fast-check";
import { audioPieceId, sourcePieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import type { AssetView, ReplicaState } from "../catalog/records.ts";
import { assignLeases } from "./assign-leases.ts";
import type { PlanInput } from "./cluster.ts";
import { plan } from "./plan.ts";
import { buildFinished, buildInput, buildNode, buildTask, buildView, nodeId, now } from "./snapshot.fixture.ts";

const names = ["a", "b", "c", "d", "e"];
const pieceIds = [
  sourcePieceId,
  timelinePieceId,
  ...[0, 1].flatMap((chunk) => [videoPieceId(chunk), audioPieceId(0, chunk)]),
];

const anyNode = fc.record({
  region: fc.constantFrom("eu", "us"),
  health: fc.constantFrom("up", "up", "suspect", "down"),
  healthSince: fc.constantFrom(now - 400_000, now - 1_000),
  scheduling: fc.constantFrom("active", "active", "cordoned", "draining", "drained"),
  onDeadline: fc.constantFrom("hold", "force"),
  drainDeadlineAt: fc.constantFrom(null, now - 1, now + 1_000),
  usedBytes: fc.constantFrom(0, 1_000_000_000_000),
});

const anyState = fc.constantFrom<ReplicaState | null>("verified", "verified", "verified", "suspect", "lost", null);

const anyInput = fc
  .record({
    nodes: fc.array(anyNode, { minLength: 1, maxLength: names.length }),
    homes: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 4 }),
    replicasWanted: fc.integer({ min: 1, max: 3 }),
    state: fc.constantFrom("uploading", "processing", "playable", "ready", "failed", "deleting"),
    copies: fc.array(anyState, {
      minLength: pieceIds.length * names.length,
      maxLength: pieceIds.length * names.length,
    }),
    discards: fc.subarray(names),
    releasedChunks: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ nodes, homes, replicasWanted, state, copies, discards, releasedChunks }): PlanInput => {
    const records = nodes.map((changes, at) => buildNode(names[at] ?? "", changes));
    const known = new Set(records.map((node) => node.name));
    const open = discards
      .filter((name) => known.has(name))
      .map((name) => buildTask("discard", { nodeId: nodeId(name), discardPieceIds: [videoPieceId(0)] }));
    const asset = {
      homes: homes.map(nodeId),
      replicasWanted,
      state,
      releasedChunks,
      deletedAt: now - 90_000_000,
    } as const;
    const view = buildView({ ...buildFinished([], asset), open });
    const replicas = pieceIds.flatMap((pieceId, row) =>
      names.flatMap((name, column) => {
        const replica = copies[row * names.length + column] ?? null;
        return replica === null || !known.has(name)
          ? []
          : [{ assetId: view.asset.id, pieceId, nodeId: nodeId(name), state: replica }];
      }),
    );
    return buildInput(records, [{ ...view, replicas }]);
  });

function verifiedOn(view: AssetView, pieceId: PieceId, nodes: ReadonlySet<NodeId>): number {
  return view.replicas.filter(
    (replica) => replica.pieceId === pieceId && replica.state === "verified" && nodes.has(replica.nodeId),
  ).length;
}

describe("planning, whatever the snapshot", () => {
  it("gives the same decisions for the same snapshot, in whatever order it lists things", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const { nodes, assets } = input.snapshot;
        const shuffled = assets.map((view) => ({ ...view, replicas: view.replicas.toReversed() }));
        const again = { ...input, snapshot: { ...input.snapshot, nodes: nodes.toReversed(), assets: shuffled } };
        assert.deepEqual(plan(again), plan(input));
      }),
    );
  });

  it("never names a home twice, nor a node that is not there", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        for (const decision of plan(input)) {
          if (decision.kind !== "set-homes") continue;
          assert.equal(new Set(decision.homes).size, decision.homes.length);
          assert.ok(decision.homes.every((home) => input.snapshot.nodes.some((node) => node.id === home)));
        }
      }),
    );
  });

  it("takes no home away that holds the last copy of something", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const [view] = input.snapshot.assets;
        if (view === undefined || view.asset.state === "failed") return;
        const up = input.snapshot.nodes.filter((node) => node.health !== "down").map((node) => node.id);
        for (const decision of plan(input)) {
          if (decision.kind !== "set-homes") continue;
          const gone = view.asset.homes.filter((home) => up.includes(home) && !decision.homes.includes(home));
          const staying = new Set(up.filter((nodeId) => decision.homes.includes(nodeId)));
          for (const home of gone) {
            for (const pieceId of pieceIds) {
              if (verifiedOn(view, pieceId, new Set([home])) === 0) continue;
              // What is about to be discarded elsewhere is no copy; there is at least one that is not.
              assert.ok(verifiedOn(view, pieceId, staying) >= 1, `${home} leaves with ${pieceId}`);
            }
          }
        }
      }),
    );
  });

  it("discards no copy of a living asset unless as many as wanted remain on homes", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const [view] = input.snapshot.assets;
        if (view === undefined || view.asset.state === "failed" || view.asset.state === "deleting") return;
        const decisions = plan(input);
        const homes = decisions.find((decision) => decision.kind === "set-homes")?.homes ?? view.asset.homes;
        const living = input.snapshot.nodes.filter((node) => node.health !== "down");
        const able = input.snapshot.nodes.filter(
          (node) => node.scheduling === "active" || node.scheduling === "cordoned",
        );
        const keep = Math.min(view.asset.replicasWanted, Math.max(1, able.length));
        const safe = new Set(living.map((node) => node.id).filter((id) => homes.includes(id)));
        for (const decision of decisions) {
          if (decision.kind !== "create-task" || decision.task.kind !== "discard") continue;
          assert.ok(decision.task.nodeId !== null && !homes.includes(decision.task.nodeId));
          assert.ok(decision.task.discardPieceIds.length > 0);
          for (const pieceId of decision.task.discardPieceIds) assert.ok(verifiedOn(view, pieceId, safe) >= keep);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("leases no task twice and to no node beyond its lanes", () => {
    fc.assert(
      fc.property(anyInput, fc.integer({ min: 1, max: 12 }), (input, count) => {
        const open = Array.from({ length: count }, (_, at) =>
          buildTask("transcode", { pieceId: videoPieceId(at % 2), rank: at }),
        ).map((task, at) => ({ ...task, id: `${task.id}-${at}` as typeof task.id }));
        const assets = input.snapshot.assets.map((view) => ({ ...view, openTasks: open }));
        const connected = new Set(input.snapshot.nodes.map((node) => node.id));
        const leases = assignLeases({
          ...input,
          snapshot: { ...input.snapshot, assets },
          connected,
          failedOn: new Map(),
        });
        assert.equal(new Set(leases.map(({ task }) => task.id)).size, leases.length);
        for (const node of input.snapshot.nodes) {
          const given = leases.filter((lease) => lease.nodeId === node.id).length;
          assert.ok(given <= node.encodeSlots);
          assert.ok(given === 0 || (node.health === "up" && node.scheduling === "active"));
        }
      }),
    );
  });
});
