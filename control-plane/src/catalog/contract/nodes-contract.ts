// Contract: nodes: health, scheduling, removal, what they say of themselves.
import assert from "node:assert/strict";
import { newId, sourcePieceId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Catalog } from "../catalog.ts";
import { aDescription, aTask, now } from "./builders.ts";
import {
  addNode,
  addTask,
  copy,
  copyState,
  decide,
  decideAt,
  eventsOf,
  join,
  plannedAsset,
  readyAsset,
  setHealth,
  setHomes,
  startTask,
  viewOf,
} from "./steps.ts";

export function describeNodes(catalog: () => Catalog): void {
  describe("nodes", () => {
    const change = { at: now + 5, actor: "user:test" };

    it("finds a node by id and by name", async () => {
      const node = await addNode(catalog());
      assert.deepEqual(await catalog().queries.getNode(node.id), node);
      assert.deepEqual(await catalog().queries.getNode(node.name), node);
      assert.equal(await catalog().queries.getNode("nobody"), null);
    });

    it("takes what a session says, except name and region, which were joined", async () => {
      const node = await addNode(catalog(), { region: "eu" });
      const said = aDescription({ region: "us", zone: "rack-7", version: "9.9.9", labels: { disk: "fast" } });
      const described = await catalog().commands.describeNode({ nodeId: node.id, node: said, at: now + 7 });
      assert.deepEqual([described.name, described.region, described.zone], [node.name, "eu", "rack-7"]);
      assert.deepEqual(
        [described.version, described.labels, described.lastSeenAt],
        ["9.9.9", { disk: "fast" }, now + 7],
      );
      const nobody = catalog().commands.describeNode({ nodeId: newId("node", now), node: said, at: now });
      await assert.rejects(nobody, { code: "node_not_found" });
    });

    it("is down until its first session, and says each change of health once", async () => {
      const description = aDescription();
      const joined = await join(catalog(), description);
      assert.equal(joined.health, "down");
      await catalog().commands.describeNode({ nodeId: joined.id, node: description, at: now });
      for (const health of ["suspect", "suspect", "down", "up"] as const) {
        await setHealth(catalog(), joined.id, health);
      }
      const kinds = await eventsOf(catalog(), joined.name);
      assert.deepEqual(kinds, ["node.joined", "node.up", "node.suspect", "node.down", "node.up"]);
    });

    it("records loads of many nodes, and of none that is gone", async () => {
      const node = await addNode(catalog());
      const load = { usedBytes: 123, capacityBytes: 456, lastSeenAt: now + 99 };
      await catalog().commands.recordLoads([
        { nodeId: newId("node", now), ...load },
        { nodeId: node.id, ...load },
      ]);
      const loaded = await catalog().queries.getNode(node.id);
      assert.deepEqual([loaded?.usedBytes, loaded?.capacityBytes, loaded?.lastSeenAt], [123, 456, now + 99]);
      await catalog().commands.recordCertificate({ nodeId: node.id, certificateExpiresAt: now + 777, at: now });
      assert.equal((await catalog().queries.getNode(node.id))?.certificateExpiresAt, now + 777);
    });

    it("is scheduled as told, with an event for each change", async () => {
      const node = await addNode(catalog());
      const deadline = { nodeId: node.id, drainDeadlineAt: now + 3600, onDeadline: "force", ...change } as const;
      await catalog().commands.setScheduling({ ...deadline, scheduling: "cordoned" });
      const draining = await catalog().commands.setScheduling({ ...deadline, scheduling: "draining" });
      assert.deepEqual(
        [draining.scheduling, draining.drainDeadlineAt, draining.onDeadline],
        ["draining", now + 3600, "force"],
      );
      const drained = { kind: "set-scheduling", nodeId: node.id, to: "drained" } as const;
      await decide(catalog(), { ...drained, from: "active" });
      assert.equal((await catalog().queries.getNode(node.id))?.scheduling, "draining");
      await decide(catalog(), { ...drained, from: "draining" });
      await catalog().commands.setScheduling({ ...deadline, scheduling: "active" });
      const kinds = (await eventsOf(catalog(), node.name)).slice(2);
      assert.deepEqual(kinds, ["node.cordoned", "node.draining", "node.drained", "node.uncordoned"]);
    });

    it("is not removed while it is needed, unless by force", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await readyAsset(catalog(), [home.id, other.id]);
      const copying = aTask(id, { kind: "replicate", pieceId: sourcePieceId, nodeId: home.id });
      const fixed = await addTask(catalog(), copying);
      const { id: second } = await plannedAsset(catalog(), [other.id]);
      const leased = await startTask(catalog(), aTask(second), home.id);
      const removal = { nodeId: home.id, ...change };
      await assert.rejects(catalog().commands.removeNode({ ...removal, force: false }), { code: "conflict" });
      const { manifestVersion } = (await viewOf(catalog(), id)).asset;
      await catalog().commands.removeNode({ ...removal, force: true });
      assert.equal(await catalog().queries.getNode(home.id), null);
      const { asset } = await viewOf(catalog(), id);
      assert.deepEqual([asset.homes, asset.manifestVersion], [[other.id], manifestVersion + 1]);
      assert.equal(await copyState(catalog(), id, sourcePieceId, home.id), "none");
      assert.equal((await catalog().queries.getTask(fixed.id))?.state, "cancelled");
      const lost = await catalog().queries.getTask(leased.id);
      assert.deepEqual([lost?.state, lost?.nodeId], ["pending", null]);
      await assert.rejects(catalog().commands.removeNode({ ...removal, force: true }), { code: "node_not_found" });
    });

    it("is removed without force when it is drained and no home of anything", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await readyAsset(catalog(), [home.id, other.id]);
      await decide(
        catalog(),
        { kind: "set-homes", assetId: id, expected: [home.id, other.id], homes: [other.id], reasons: {} },
        { kind: "set-scheduling", nodeId: home.id, from: "active", to: "drained" },
      );
      const removed = await catalog().commands.removeNode({ nodeId: home.id, force: false, ...change });
      assert.equal(removed.id, home.id);
    });

    it("is not drained while it has the last copy of something, whatever was decided", async () => {
      const [home, other, third] = [await addNode(catalog()), await addNode(catalog()), await addNode(catalog())];
      const { id } = await readyAsset(catalog(), [home.id, other.id]);
      const drain = async (nodeId: NodeId, scheduling: "draining" | "active") =>
        await catalog().commands.setScheduling({
          ...{ nodeId, scheduling, drainDeadlineAt: null, onDeadline: "hold", ...change },
        });
      const end = async (nodeId: NodeId) => {
        await decide(catalog(), { kind: "set-scheduling", nodeId, from: "draining", to: "drained" });
        return (await catalog().queries.getNode(nodeId))?.scheduling;
      };
      await drain(home.id, "draining");
      await drain(other.id, "draining");
      assert.deepEqual([await end(home.id), await end(other.id)], ["draining", "draining"], "two drains at once");
      await drain(other.id, "active");
      await setHealth(catalog(), other.id, "down");
      assert.equal(await end(home.id), "draining", "the other is down");
      await setHealth(catalog(), home.id, "down");
      assert.equal(await end(home.id), "draining", "it may be all that is left, even while it is down");
      for (const { id: pieceId } of (await viewOf(catalog(), id)).pieces.slice(1)) {
        await copy(catalog(), id, pieceId, third.id);
      }
      assert.equal(await end(home.id), "draining", "one piece is not there yet");
      await copy(catalog(), id, (await viewOf(catalog(), id)).pieces[0]!.id, third.id);
      assert.equal(await end(home.id), "drained");
    });

    it("is drained whatever it has of an asset that is deleted", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id]);
      const drained = { kind: "set-scheduling", nodeId: home.id, from: "active", to: "drained" } as const;
      await decide(catalog(), drained);
      assert.equal((await catalog().queries.getNode(home.id))?.scheduling, "active");
      await catalog().commands.deleteAsset({ assetId, ...change });
      await decide(catalog(), drained);
      assert.equal((await catalog().queries.getNode(home.id))?.scheduling, "drained");
    });

    it("is not removed, although drained, when it has become the only holder, unless by force", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await readyAsset(catalog(), [home.id, other.id]);
      await setHomes(catalog(), id, [other.id]);
      await decide(catalog(), { kind: "set-scheduling", nodeId: home.id, from: "active", to: "drained" });
      await setHealth(catalog(), other.id, "down");
      const removal = { nodeId: home.id, ...change };
      await assert.rejects(catalog().commands.removeNode({ ...removal, force: false }), { code: "conflict" });
      await catalog().commands.removeNode({ ...removal, force: true });
      assert.equal(await catalog().queries.getNode(home.id), null);
    });

    it("is not called down for the silence before a session that has opened since", async () => {
      const description = aDescription();
      const { id: nodeId } = await addNode(catalog(), description);
      await setHealth(catalog(), nodeId, "suspect");
      const since = (await catalog().queries.getNode(nodeId))?.healthSince ?? 0;
      await catalog().commands.describeNode({ nodeId, node: description, at: now + 3 });
      await decideAt(catalog(), now + 4, { kind: "set-node-health", nodeId, health: "down", since });
      assert.equal((await catalog().queries.getNode(nodeId))?.health, "up");
      await decideAt(catalog(), now + 5, { kind: "set-node-health", nodeId, health: "down", since: now + 3 });
      assert.equal((await catalog().queries.getNode(nodeId))?.health, "down");
    });

    it("counts of how many assets each node is a home", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      await plannedAsset(catalog(), [home.id, other.id]);
      await plannedAsset(catalog(), [home.id]);
      const homes = await catalog().queries.countHomes();
      assert.deepEqual([homes.get(home.id), homes.get(other.id)], [2, 1]);
    });

    it("tells what depends on a node, what has no other copy first", async () => {
      const [home, other, far] = [await addNode(catalog()), await addNode(catalog()), await addNode(catalog())];
      const safe = await readyAsset(catalog(), [home.id, other.id]);
      const alone = await readyAsset(catalog(), [home.id]);
      await readyAsset(catalog(), [other.id]);
      const asked = { nodeId: home.id, limit: 10 };
      const impact = await catalog().queries.getNodeImpact(asked);
      assert.deepEqual(
        impact.items.map((item) => [item.assetId, item.fewestCopiesElsewhere]),
        [
          [alone.id, 0],
          [safe.id, 1],
        ],
      );
      assert.deepEqual([impact.assets, impact.assetsOnlyHere], [2, 1]);
      assert.ok(impact.bytesHeld > 0 && impact.bytesToCopy > 0 && impact.bytesToCopy <= impact.bytesHeld);
      // Of the one on the list: all of them count, whatever the limit.
      const [first, ...rest] = (await catalog().queries.getNodeImpact({ ...asked, limit: 1 })).items;
      assert.deepEqual([first?.assetId, rest.length], [alone.id, 0]);
      assert.deepEqual((await catalog().queries.getNodeImpact({ ...asked, nodeId: far.id })).items, []);

      await setHealth(catalog(), other.id, "down");
      assert.equal((await catalog().queries.getNodeImpact(asked)).assetsOnlyHere, 2);
      await catalog().commands.deleteAsset({ assetId: safe.id, at: now, actor: "user:test" });
      assert.equal((await catalog().queries.getNodeImpact(asked)).assets, 1);
    });
  });
}
