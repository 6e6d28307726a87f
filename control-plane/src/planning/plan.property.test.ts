// Properties that hold in every snapshot, however odd.
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  audioPieceId,
  imagesPieceId,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import type { AssetView, ReplicaState } from "../catalog/records.ts";
import { assignLeases } from "./assign-leases.ts";
import { homesWanted } from "./cluster.ts";
import type { PlanInput } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { plan } from "./plan.ts";
import { buildInput, buildNode, buildRich, buildTask, buildView, nodeId, now } from "./snapshot.fixture.ts";

const names = ["a", "b", "c", "d", "e"];
const pieceIds = [
  sourcePieceId,
  timelinePieceId,
  ...[0, 1].flatMap((chunk) => [videoPieceId(chunk), audioPieceId(0, chunk)]),
  textPieceId(0),
  imagesPieceId,
];
const died = [textPieceId(0), imagesPieceId].map((pieceId) =>
  buildTask(pieceId === imagesPieceId ? "images" : "text", { pieceId, state: "dead", finishedAt: now }),
);

const anyNode = fc.record({
  region: fc.constantFrom("eu", "us"),
  zone: fc.constantFrom("", "z1", "z2"),
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
    extraReplicas: fc.constantFrom(0, 0, 1, 2),
    pins: fc.subarray(names, { maxLength: 1 }),
    leaving: fc.subarray(names, { maxLength: 2 }),
    braked: fc.subarray(["eu", "us"]),
    dead: fc.subarray(died),
  })
  .map(({ nodes, homes, copies, discards, pins, leaving, braked, dead, ...others }): PlanInput => {
    const records = nodes.map((changes, at) => buildNode(names[at] ?? "", changes));
    const known = new Set(records.map((node) => node.name));
    const open = discards
      .filter((name) => known.has(name))
      .map((name) => buildTask("discard", { nodeId: nodeId(name), discardPieceIds: [videoPieceId(0)] }));
    const asset = {
      ...others,
      homes: homes.map(nodeId),
      leavingHomes: leaving.filter((name) => homes.includes(name)).map(nodeId),
      pins: pins.map(nodeId),
      deletedAt: now - 90_000_000,
    } as const;
    const view = buildView({ ...buildRich([], asset), open, dead });
    const replicas = pieceIds.flatMap((pieceId, row) =>
      names.flatMap((name, column) => {
        const replica = copies[row * names.length + column] ?? null;
        return replica === null || !known.has(name)
          ? []
          : [{ assetId: view.asset.id, pieceId, nodeId: nodeId(name), state: replica }];
      }),
    );
    return { ...buildInput(records, [{ ...view, replicas }]), brakedRegions: new Set(braked) };
  });

/** The homes as they are after these decisions; null when they are not planned: the asset has failed or ends. */
function homesAfter(view: AssetView, decisions: readonly Decision[]): readonly NodeId[] | null {
  const hasFailed = decisions.some((decision) => decision.kind === "set-asset-state" && decision.to === "failed");
  if (hasFailed || view.asset.state === "failed" || view.asset.state === "deleting") return null;
  return decisions.find((decision) => decision.kind === "set-homes")?.homes ?? view.asset.homes;
}

function copiesOfTask(view: AssetView, input: PlanInput, pieceId: PieceId | ""): number {
  const living = input.snapshot.nodes.filter((node) => node.health !== "down").map((node) => node.id);
  return pieceId === "" ? 0 : verifiedOn(view, pieceId, new Set(living));
}

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

  it("has nothing more to change about homes that it has just set", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const [view] = input.snapshot.assets;
        assert.ok(view !== undefined);
        const homes = homesAfter(view, plan(input));
        if (homes === null) return;
        const leavingHomes = view.asset.leavingHomes.filter((home) => homes.includes(home));
        const assets = [{ ...view, asset: { ...view.asset, homes, leavingHomes } }];
        const again = plan({ ...input, snapshot: { ...input.snapshot, assets } });
        assert.ok(again.every(({ kind }) => kind !== "set-homes"));
      }),
      { numRuns: 500 },
    );
  });

  it("says why for new homes, and for no others", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const before = input.snapshot.assets[0]?.asset.homes ?? [];
        for (const decision of plan(input)) {
          if (decision.kind !== "set-homes") continue;
          const added = decision.homes.filter((home) => !before.includes(home));
          assert.deepEqual(Object.keys(decision.reasons).toSorted(), added.toSorted());
        }
      }),
    );
  });

  it("makes a pinned node that may take copies a home", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const [view] = input.snapshot.assets;
        assert.ok(view !== undefined);
        const homes = homesAfter(view, plan(input));
        const deleting = new Set(view.openTasks.map((task) => task.nodeId));
        for (const node of input.snapshot.nodes) {
          const isAble = node.health === "up" && node.scheduling === "active" && node.usedBytes === 0;
          if (homes === null || !isAble || !view.asset.pins.includes(node.id) || deleting.has(node.id)) continue;
          assert.ok(homes.includes(node.id));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("lets a home that was moved from go only when enough copies of everything stand on those that stay", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const [view] = input.snapshot.assets;
        assert.ok(view !== undefined);
        const homes = homesAfter(view, plan(input));
        if (homes === null) return;
        const living = input.snapshot.nodes.filter((node) => node.health !== "down");
        const able = living.filter((node) => node.scheduling === "active").length;
        const staying = new Set(living.map((node) => node.id).filter((id) => homes.includes(id)));
        for (const home of view.asset.leavingHomes.filter((id) => !view.asset.pins.includes(id))) {
          const node = input.snapshot.nodes.find(({ id }) => id === home);
          if (node === undefined || node.scheduling === "draining" || homes.includes(home)) continue;
          for (const pieceId of pieceIds) {
            // What nobody has, or only those who are to delete it, that home does not have either.
            const deleting = view.openTasks.filter((task) => task.discardPieceIds.includes(pieceId));
            const isKept = (id: NodeId): boolean => id === home || deleting.every((task) => task.nodeId !== id);
            const lasting = new Set(living.map(({ id }) => id).filter(isKept));
            if (verifiedOn(view, pieceId, lasting) === 0) continue;
            assert.ok(verifiedOn(view, pieceId, staying) >= Math.min(view.asset.replicasWanted, able));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it("aims at as many homes as wanted, and at no more than demand adds", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const [view] = input.snapshot.assets;
        assert.ok(view !== undefined);
        const homes = homesAfter(view, plan(input));
        if (homes === null) return;
        const before = new Set(view.asset.homes);
        assert.ok(homes.filter((home) => !before.has(home)).length <= homesWanted(view.asset));
        const isFree = (id: NodeId): boolean =>
          !homes.includes(id) && !before.has(id) && view.openTasks.every((task) => task.nodeId !== id);
        const free = input.snapshot.nodes.filter(
          (node) => node.health === "up" && node.scheduling === "active" && node.usedBytes === 0 && isFree(node.id),
        );
        if (free.length === 0) return;
        assert.ok(homes.length >= homesWanted(view.asset));
      }),
    );
  });

  it("waits for the finished assets of a region that fell silent", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const [view] = input.snapshot.assets;
        assert.ok(view !== undefined);
        const { asset } = view;
        const homes = homesAfter(view, plan(input));
        const isUsual = asset.homes.length <= homesWanted(asset) && asset.pins.length + asset.leavingHomes.length === 0;
        if (homes === null || asset.state !== "ready" || !isUsual) return;
        for (const node of input.snapshot.nodes) {
          if (node.health !== "down" || !input.brakedRegions.has(node.region)) continue;
          assert.equal(homes.includes(node.id), asset.homes.includes(node.id));
        }
      }),
      { numRuns: 500 },
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

  it("makes no more copies of finished assets at once than the budget allows", () => {
    fc.assert(
      fc.property(anyInput, fc.integer({ min: 0, max: 4 }), (input, repairCopiesAtOnce) => {
        const [view] = input.snapshot.assets;
        if (view?.asset.state !== "ready") return;
        const open = pieceIds.flatMap((pieceId, at) =>
          input.snapshot.nodes.map((node, column) => {
            const state = (at + column) % 5 === 0 ? "leased" : "pending";
            return buildTask("replicate", { pieceId, nodeId: node.id, state });
          }),
        );
        const running = open.filter((task) => task.state === "leased").length;
        const leases = assignLeases({
          ...input,
          settings: { ...input.settings, repairCopiesAtOnce },
          snapshot: { ...input.snapshot, assets: [{ ...view, openTasks: open }] },
          connected: new Set(input.snapshot.nodes.map((node) => node.id)),
          failedOn: new Map(),
        });
        assert.ok(leases.length <= Math.max(0, repairCopiesAtOnce - running));
        const scarcity = leases.map(({ task }) => copiesOfTask(view, input, task.pieceId));
        assert.deepEqual(scarcity, scarcity.toSorted());
      }),
    );
  });

  it("forgets nothing of which a copy may be left, and makes nothing that was given up", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const [view] = input.snapshot.assets;
        assert.ok(view !== undefined);
        const up = new Set(input.snapshot.nodes.filter((node) => node.health !== "down").map((node) => node.id));
        const givenUp = view.deadTasks.map((task) => task.pieceId);
        for (const decision of plan(input)) {
          if (decision.kind === "drop-piece") assert.equal(verifiedOn(view, decision.pieceId, up), 0);
          if (decision.kind !== "create-task" || decision.task.kind === "replicate") continue;
          assert.ok(!givenUp.includes(decision.task.pieceId));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("takes an asset that is ready for lost only with what viewers get of it", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const [view] = input.snapshot.assets;
        if (view?.asset.state !== "ready") return;
        const fails = plan(input).some((decision) => decision.kind === "set-asset-state" && decision.to === "failed");
        const without = view.replicas.filter(
          (copy) => !copy.pieceId.startsWith("text") && copy.pieceId !== imagesPieceId,
        );
        const assets = [{ ...view, replicas: without }];
        const again = plan({ ...input, snapshot: { ...input.snapshot, assets } });
        const failsToo = again.some((decision) => decision.kind === "set-asset-state" && decision.to === "failed");
        assert.equal(failsToo, fails);
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
