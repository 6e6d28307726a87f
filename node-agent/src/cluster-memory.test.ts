import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import type { NodeAddress } from "@vstream/core/media.ts";
import { ClusterMemory } from "./cluster-memory.ts";
import { quietLog, trialStoreForEach } from "./store/trial-store.fixture.ts";

const [nodeId, otherId] = [newId("node", 0), newId("node", 0)];
const urls = { playbackUrl: "http://n:7800", peerUrl: "https://n:7801" };
const own: NodeAddress = {
  ...{ nodeId, name: "n", region: "eu", zone: "rack-7", ...urls },
  ...{ serving: true, health: "up", scheduling: "active" },
};
const other: NodeAddress = { ...own, nodeId: otherId, health: "suspect", scheduling: "cordoned" };

describe("cluster memory", () => {
  const trial = trialStoreForEach();

  function open(): Promise<ClusterMemory> {
    return ClusterMemory.open({ documents: trial.store, nodeId, log: quietLog });
  }

  it("knows after a restart what it was told", async () => {
    const first = await open();
    assert.deepEqual([first.directory, first.ticketKeyPem, first.scheduling], [[], null, "active"]);
    first.keepDirectory([own, other]);
    first.keepTicketKey("a key");
    await trial.restart();
    const again = await open();
    assert.deepEqual([again.directory, again.ticketKeyPem], [[own, other], "a key"]);
  });

  it("reads the directory that a former release wrote", async () => {
    const former = { name: "n", region: "eu", ...urls };
    await trial.store.writeDocument("directory", [
      { ...former, nodeId, serving: true },
      { ...former, nodeId: otherId, serving: false },
    ]);
    const { directory } = await open();
    assert.deepEqual(
      directory.map(({ zone, health, scheduling, serving }) => [zone, health, scheduling, serving]),
      [
        ["", "up", "active", true],
        ["", "down", "active", false],
      ],
    );
  });

  it("takes a directory that makes no sense for none", async () => {
    await trial.store.writeDocument("directory", [{ ...own, nodeId: "../../etc" }]);
    assert.deepEqual((await open()).directory, []);
  });

  it("takes what a session begins with for newer than its own entry, over a restart too", async () => {
    const first = await open();
    first.keepScheduling("draining");
    assert.equal(first.scheduling, "active");
    first.keepDirectory([other, own]);
    first.keepScheduling("draining");
    assert.deepEqual(first.directory, [other, { ...own, scheduling: "draining" }]);
    await trial.restart();
    const again = await open();
    assert.equal(again.scheduling, "draining");
    again.keepDirectory([own]);
    assert.equal(again.scheduling, "active");
  });
});
