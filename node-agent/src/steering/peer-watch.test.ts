import assert from "node:assert/strict";
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { idleLoad } from "../serving/trial-serving.fixture.ts";
import { quietLog } from "../store/trial-store.fixture.ts";
import { MovedClock } from "../tasks/moved-clock.fixture.ts";
import { PeerWatch, probeEveryMs } from "./peer-watch.ts";

const self = newId("node", 1);
const other = newId("node", 2);

/** Nodes that answer unless they are silent, and the times that each was asked. */
class TrialPeers {
  readonly asked: NodeId[] = [];
  readonly silent = new Set<NodeId>();

  async getStatus(nodeId: NodeId): Promise<{ ready: boolean; load: typeof idleLoad }> {
    this.asked.push(nodeId);
    await Promise.resolve();
    if (this.silent.has(nodeId)) throw new VsError("peer_failed", "no answer");
    return { ready: true, load: { ...idleLoad, viewers: 7 } };
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

  it("watches no more than 64 nodes, those that mattered last", async () => {
    const many = Array.from({ length: 100 }, (_, index) => newId("node", index));
    watch.watch(many);
    await clock.advance(0);
    peers.asked.length = 0;
    await clock.advance(probeEveryMs);
    assert.deepEqual(new Set(peers.asked), new Set(many.slice(-64)));
  });

  it("does not ask a node again that has not answered yet", async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    let asked = 0;
    const slow = {
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
