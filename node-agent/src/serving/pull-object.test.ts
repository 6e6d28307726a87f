// Holders that give bytes, but slowly, and too many objects at one time.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { newId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { NodeAddress } from "@vstream/core/media.ts";
import { neverAborted, quietLog, refOf } from "../store/trial-store.fixture.ts";
import { MovedClock } from "../tasks/moved-clock.fixture.ts";
import { PullThrough } from "./pull-through.ts";
import type { Pull } from "./pull-through.ts";
import { trialAddress } from "./trial-serving.fixture.ts";

const [self, one, two] = [newId("node", 1), newId("node", 2), newId("node", 3)];
const bytes = randomBytes(8 * 1024 * 1024);
const object = refOf(bytes);
const stepMs = 500;

/** Holders that give so many bytes each half a second. */
class TrialHolders {
  readonly directory: readonly NodeAddress[] = [self, one, two].map((nodeId) => trialAddress(nodeId));
  readonly bytesAtOnce = new Map<NodeId, number>();
  readonly asked: [NodeId, number][] = [];
  readonly #clock: MovedClock;

  constructor(clock: MovedClock) {
    this.#clock = clock;
  }

  async openObject(
    holder: NodeId,
    _object: unknown,
    fromByte: number,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    this.asked.push([holder, fromByte]);
    return await Promise.resolve(this.#give(fromByte, this.bytesAtOnce.get(holder) ?? bytes.length, signal));
  }

  tellDamage(): Promise<void> {
    return Promise.reject(new Error("nobody gave anything wrong"));
  }

  async *#give(fromByte: number, atOnce: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let at = fromByte; at < bytes.length; at += atOnce) {
      yield bytes.subarray(at, at + atOnce);
      await this.#clock.sleep(stepMs, signal);
    }
  }
}

describe("a pull", () => {
  let clock: MovedClock;
  let holders: TrialHolders;
  let pulls: PullThrough;
  beforeEach(() => {
    clock = new MovedClock();
    holders = new TrialHolders(clock);
    const store = { putCached: () => Promise.resolve() };
    pulls = new PullThrough({ nodeId: self, region: "eu", store, peers: holders, clock, log: quietLog });
  });
  const pass = async (ms: number): Promise<void> => {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) await clock.advance(stepMs);
  };

  const end = async ({ ended }: Pull): Promise<void> => {
    const over = ended.then(() => true);
    while (!(await Promise.race([over, clock.advance(stepMs)]))) continue;
  };

  it("leaves a slow holder for another one, goes on where it is, and asks it last for a while", async () => {
    holders.bytesAtOnce.set(one, 10_000);
    const slow = pulls.start(object, [one, two], neverAborted);
    await pass(2_500);
    assert.deepEqual(holders.asked, [[one, 0]]);
    await pass(1_500);
    assert.equal(holders.asked.length, 2);
    await end(slow);
    assert.ok(slow.growing.verified?.equals(bytes));
    assert.equal(holders.asked[1]?.[0], two);
    assert.ok(holders.asked[1][1] >= 60_000);
    const again = pulls.start(object, [one, two], neverAborted);
    await end(again);
    assert.equal(holders.asked[2]?.[0], two);
  });

  it("stays with a holder that is fast enough, and with a slow one when the others are slower or lack it", async () => {
    holders.bytesAtOnce.set(one, bytes.length / 16);
    const fast = pulls.start(object, [one, two], neverAborted);
    await end(fast);
    assert.deepEqual(holders.asked, [[one, 0]]);
    holders.bytesAtOnce.set(one, 20_000).set(two, 20_000);
    const slow = pulls.start(object, [one, two], neverAborted);
    await pass(12_000);
    assert.deepEqual(
      holders.asked.slice(1).map(([holder]) => holder),
      [one, two],
    );
    holders.bytesAtOnce.clear();
    assert.equal(slow.growing.verified, null);
  });

  it("that is not done within thirty seconds has its holder asked last from then on", async () => {
    holders.bytesAtOnce.set(one, 50_000);
    const late = pulls.start(object, [one, two], neverAborted);
    await pass(30_500);
    await end(late);
    assert.equal(late.growing.verified, null);
    const again = pulls.start(object, [one, two], neverAborted);
    await end(again);
    assert.deepEqual(
      holders.asked.map(([holder]) => holder),
      [one, two],
    );
  });

  it("that waits for sixteen others is given up after five seconds, and they go on", async () => {
    holders.bytesAtOnce.set(one, 50_000);
    const running = Array.from({ length: 16 }, () => pulls.start(object, [one], neverAborted));
    const waiting = pulls.start(object, [one], neverAborted);
    const reading = assert.rejects(waiting.growing.read(0, 1).next(), { code: "unavailable" });
    await pass(5_500);
    await end(waiting);
    await reading;
    assert.ok(running.every(({ growing }) => growing.receivedBytes > 400_000));
  });
});
