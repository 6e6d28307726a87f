import assert from "node:assert/strict";
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Load, NodeAddress } from "@vstream/core/media.ts";
import type { PeerAnswer } from "../replicate/peers.ts";
import { idleLoad, trialAddress } from "../serving/trial-serving.fixture.ts";
import { quietLog } from "../store/trial-store.fixture.ts";
import { MovedClock } from "../tasks/moved-clock.fixture.ts";
import { PeerWatch, probeEveryMs } from "./peer-watch.ts";

const self = newId("node", 1);
const other = newId("node", 2);

/** Nodes that answer unless they are silent, and the times that each was asked. */
class TrialPeers {
  directory: readonly NodeAddress[] = [trialAddress(self), trialAddress(other)];
  load: Load = { ...idleLoad, viewers: 7 };
  readonly asked: NodeId[] = [];
  readonly silent = new Set<NodeId>();

  async getStatus(nodeId: NodeId): Promise<PeerAnswer> {
    this.asked.push(nodeId);
    await Promise.resolve();
    if (this.silent.has(nodeId)) throw new VsError("peer_failed", "no answer");
    return { ready: true, load: this.load };
  }
}

describe("the watch over peers", () => {
  let clock: MovedClock;
  let peers: TrialPeers;
  let watch: PeerWatch;

  beforeEach(() => {
    clock = new MovedClock();
    peers = new TrialPeers();
    watch = new PeerWatch({ nodeId: self, peers, clock, log: quietLog });
  });
  afterEach(() => watch[Symbol.asyncDispose]());

  it("asks nobody until somebody matters, never itself, and a new one at once", async () => {
    await clock.advance(10 * probeEveryMs);
    watch.watch([self, other]);
    await clock.advance(0);
    assert.deepEqual(peers.asked, [other]);
    const { state, ready, load } = watch.sightOf(other);
    assert.deepEqual([state, ready, load?.viewers], ["answers", true, 7]);
  });

  it("calls a node silent after two failures in a row, and well again after one answer", async () => {
    watch.watch([other]);
    await clock.advance(0);
    peers.silent.add(other);
    await clock.advance(probeEveryMs);
    assert.equal(watch.sightOf(other).state, "answers");
    await clock.advance(probeEveryMs);
    assert.deepEqual(watch.sightOf(other), { state: "silent", ready: false, load: null });
    assert.deepEqual(watch.counts(), { unknown: 0, answers: 0, silent: 1 });
    peers.silent.clear();
    await clock.advance(probeEveryMs);
    assert.equal(watch.sightOf(other).state, "answers");
  });

  it("does not call a node silent for failures with an answer between them", async () => {
    watch.watch([other]);
    await clock.advance(0);
    for (let round = 0; round < 6; round += 1) {
      if (round % 2 === 0) peers.silent.add(other);
      else peers.silent.clear();
      await clock.advance(probeEveryMs);
      assert.equal(watch.sightOf(other).state, "answers");
    }
  });

  it("asks every two seconds for a minute after a node last mattered, then forgets it", async () => {
    watch.watch([other]);
    await clock.advance(60_000);
    assert.equal(peers.asked.length, 31);
    await clock.advance(60_000);
    assert.equal(peers.asked.length, 31);
    assert.equal(watch.sightOf(other).state, "unknown");
  });

  it("watches every node that matters, asks each once in two seconds at most, and sees the dead", async () => {
    const many = Array.from({ length: 300 }, (_, index) => newId("node", index));
    peers.directory = many.map((nodeId) => trialAddress(nodeId));
    const dead = many.filter((_, index) => index % 3 === 0);
    for (const nodeId of dead) peers.silent.add(nodeId);
    for (let second = 0; second < 6; second += 1) {
      for (let at = 0; at < many.length; at += 3) watch.watch(many.slice(at, at + 3));
      await clock.advance(1_000);
      while (peers.asked.length < 300) await clock.advance(0);
    }
    await clock.advance(0);
    assert.deepEqual(watch.counts(), { unknown: 0, answers: 200, silent: 100 });
    for (const nodeId of many) {
      const times = peers.asked.filter((asked) => asked === nodeId).length;
      assert.ok(times >= 2 && times <= 4, String(times));
    }
  });

  it("asks nobody whom the directory does not name, nor goes on when it no longer does", async () => {
    watch.watch([newId("node", 3), other]);
    await clock.advance(0);
    assert.deepEqual(peers.asked, [other]);
    peers.directory = [];
    await clock.advance(5 * probeEveryMs);
    assert.deepEqual(peers.asked, [other]);
    assert.deepEqual(watch.counts(), { unknown: 0, answers: 0, silent: 0 });
  });

  it("remembers that a node was silent until it answers, however long it did not matter", async () => {
    peers.silent.add(other);
    watch.watch([other]);
    await clock.advance(probeEveryMs);
    assert.equal(watch.sightOf(other).state, "silent");
    await clock.advance(120_000);
    assert.equal(watch.sightOf(other).state, "unknown");
    peers.silent.clear();
    watch.watch([other]);
    assert.equal(watch.sightOf(other).state, "silent");
    await clock.advance(0);
    assert.equal(watch.sightOf(other).state, "answers");
  });

  it("asks no more than sixteen nodes at one time", async () => {
    const many = Array.from({ length: 40 }, (_, index) => newId("node", index));
    const directory = many.map((nodeId) => trialAddress(nodeId));
    const { promise, resolve } = Promise.withResolvers<undefined>();
    let asked = 0;
    const getStatus = async (): Promise<PeerAnswer> => {
      asked += 1;
      await promise;
      return { ready: true, load: null };
    };
    await using busy = new PeerWatch({ nodeId: self, peers: { directory, getStatus }, clock, log: quietLog });
    busy.watch(many);
    await clock.advance(0);
    assert.equal(asked, 16);
    resolve(undefined);
    await clock.advance(0);
    assert.deepEqual([asked, busy.counts().answers], [40, 40]);
  });

  it("takes a load that no node can have for one that was not told", async () => {
    for (const odd of [{ egressBps: NaN }, { viewers: -1 }, { connections: Infinity }]) {
      peers.load = { ...idleLoad, ...odd };
      watch.watch([other]);
      await clock.advance(probeEveryMs);
      assert.deepEqual(watch.sightOf(other), { state: "answers", ready: true, load: null });
    }
  });

  it("does not ask a node again that has not answered yet", async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    let asked = 0;
    const slow = {
      directory: peers.directory,
      getStatus: async () => {
        asked += 1;
        await promise;
        return { ready: true, load: idleLoad };
      },
    };
    await using slowWatch = new PeerWatch({ nodeId: self, peers: slow, clock, log: quietLog });
    slowWatch.watch([other]);
    await clock.advance(5 * probeEveryMs);
    assert.equal(asked, 1);
    resolve(undefined);
  });
});
