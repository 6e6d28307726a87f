// Viewers of an object that comes from peers over mutual TLS: peers that are right, that lie, stall and are cut off.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { NodeId } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { trialCluster } from "../replicate/trial-nodes.fixture.ts";
import type { TrialCluster, TrialNode } from "../replicate/trial-nodes.fixture.ts";
import { refOf } from "../store/trial-store.fixture.ts";
import { MovedClock } from "../tasks/moved-clock.fixture.ts";
import { heldBackBytes } from "./growing-object.ts";
import type { PullDeps } from "./pull-through.ts";
import { Viewer, servePulled, until } from "./trial-viewer.fixture.ts";
import type { TrialPull } from "./trial-viewer.fixture.ts";

const mebibyte = 1024 * 1024;

describe("an object that comes from a peer", () => {
  let cluster: TrialCluster;
  let opened: AsyncDisposableStack;
  let here: TrialNode;
  let one: TrialNode;
  let two: TrialNode;
  let homes: NodeId[];
  const bytes = randomBytes(3 * mebibyte);
  const object = refOf(bytes);
  beforeEach(async () => {
    cluster = await trialCluster(3);
    [here, one, two] = cluster.nodes as [TrialNode, TrialNode, TrialNode];
    homes = [one.nodeId, two.nodeId];
    opened = new AsyncDisposableStack();
    await one.store.putBytes(bytes);
    await two.store.putBytes(bytes);
  });
  afterEach(async () => {
    await opened.disposeAsync();
    await cluster[Symbol.asyncDispose]();
  });
  const serve = async (served: ObjectRef = object, changes: Partial<PullDeps> = {}): Promise<TrialPull> =>
    opened.use(await servePulled(here, { object: served, homes }, changes));
  const assertWhole = async (viewer: Viewer, expected: Buffer = bytes, status = 200): Promise<void> => {
    const { ended, body, ...head } = await viewer.end();
    assert.deepEqual([head.status, ended, body.equals(expected)], [status, "whole", true]);
  };

  // Reads a listener's parts from the second on only when the gate is open, and then as `late` says.
  const gateAfterFirst = (node: TrialNode, late: (part: Buffer) => Buffer = (part) => part): (() => void) => {
    const gate = Promise.withResolvers<undefined>();
    opened.defer(() => {
      gate.resolve(undefined);
    });
    node.faults.read = async (sha256, range) => {
      const part = await node.store.read(sha256, range);
      if ((range?.start ?? 0) === 0) return part;
      await gate.promise;
      return late(part);
    };
    return () => {
      gate.resolve(undefined);
    };
  };
  const cutAfterFirst = (node: TrialNode): (() => void) =>
    gateAfterFirst(node, () => {
      throw new Error("the disk is gone");
    });

  it("is sent while it comes, once for however many viewers, and kept", async () => {
    homes = [one.nodeId];
    const open = gateAfterFirst(one);
    let reads = 0;
    const peers = {
      directory: here.peers.directory,
      tellDamage: here.peers.tellDamage.bind(here.peers),
      openObject: async (...given: Parameters<typeof here.peers.openObject>) => {
        reads += 1;
        return await here.peers.openObject(...given);
      },
    };
    const { port } = await serve(object, { peers });
    const viewers = Array.from({ length: 8 }, () => new Viewer(port));
    await until(() => viewers.every((viewer) => viewer.receivedBytes >= mebibyte / 2));
    open();
    for (const viewer of viewers) await assertWhole(viewer);
    await until(() => here.store.has(object.sha256));
    await assertWhole(new Viewer(port));
    assert.equal(reads, 1);
    assert.equal(here.store.usage.usedBytes, 0);
  });

  it("comes to a fast viewer although a slow one reads nothing", async () => {
    const large = randomBytes(16 * mebibyte);
    await one.store.putBytes(large);
    const { port } = await serve(refOf(large));
    const slow = new Viewer(port, { held: true });
    await slow.head();
    await assertWhole(new Viewer(port), large);
    assert.equal(slow.receivedBytes, 0);
    await slow.readOn();
    await assertWhole(slow, large);
  });

  it("is never whole when its end is wrong; the holder is told, and the next request gets it elsewhere", async () => {
    const open = gateAfterFirst(one, (part) => Buffer.alloc(part.length, 7));
    const { port } = await serve();
    const viewers = Array.from({ length: 3 }, () => new Viewer(port));
    await until(() => viewers.every((viewer) => viewer.receivedBytes > 0));
    open();
    for (const viewer of viewers) {
      const { ended, body } = await viewer.end();
      assert.equal(ended, "cut");
      assert.ok(body.length <= bytes.length - heldBackBytes, String(body.length));
    }
    assert.equal(here.store.has(object.sha256), false);
    await assertWhole(new Viewer(port));
    await until(() => one.damaged.length > 0);
    assert.deepEqual([one.damaged, two.damaged], [[object.sha256], []]);
  });

  it("comes from another holder within the same request when nothing of it was sent yet", async () => {
    const small = randomBytes(heldBackBytes);
    await one.store.putBytes(small);
    await two.store.putBytes(small);
    one.faults.read = () => Promise.resolve(Buffer.alloc(small.length, 7));
    const { port } = await serve(refOf(small));
    await assertWhole(new Viewer(port), small);
    await until(() => one.damaged.length > 0);
  });

  it("goes on from another holder when one is cut off in the middle", async () => {
    const cut = cutAfterFirst(one);
    const { port } = await serve();
    const viewer = new Viewer(port);
    await until(() => viewer.receivedBytes > 0);
    cut();
    await assertWhole(viewer);
    assert.deepEqual([one.damaged, two.damaged], [[], []]);
  });

  it("goes on from another holder when one stalls in the middle", async () => {
    gateAfterFirst(one);
    const clock = new MovedClock();
    const { port } = await serve(object, { clock });
    const viewer = new Viewer(port);
    await until(() => viewer.receivedBytes >= mebibyte / 2);
    await clock.advance(2_000);
    await assertWhole(viewer);
  });

  it("is cut for its viewers when no other holder can go on", async () => {
    homes = [one.nodeId];
    here.peers.setDirectory([one.address]);
    const cut = cutAfterFirst(one);
    const { port } = await serve();
    const viewer = new Viewer(port);
    await until(() => viewer.receivedBytes > 0);
    cut();
    assert.equal((await viewer.end()).ended, "cut");
    one.faults.read = null;
    await assertWhole(new Viewer(port));
  });

  it("comes from the next holder when the first gives no byte within half a second", async () => {
    const gate = Promise.withResolvers<Buffer>();
    opened.defer(() => {
      gate.resolve(bytes);
    });
    const asked = Promise.withResolvers<undefined>();
    one.faults.read = async () => {
      asked.resolve(undefined);
      return await gate.promise;
    };
    const clock = new MovedClock();
    const { port } = await serve(object, { clock });
    const viewer = new Viewer(port);
    await asked.promise;
    await clock.advance(499);
    assert.equal(viewer.receivedBytes, 0);
    await clock.advance(1);
    await assertWhole(viewer);
  });

  it("is an error when nobody has it", async () => {
    const { port } = await serve(refOf(randomBytes(mebibyte)));
    for (const method of ["GET", "HEAD"]) {
      const { status, headers } = await new Viewer(port, { method }).end();
      assert.deepEqual([status, headers["retry-after"], headers.etag], [503, "1", undefined]);
    }
  });

  it("cannot be put together from two answers while its hash is unknown", async () => {
    const open = gateAfterFirst(one);
    const { port } = await serve();
    const etag = `"${object.sha256}"`;
    const early = new Viewer(port);
    const resumed = new Viewer(port, { headers: { range: "bytes=100-", "if-range": etag } });
    for (const viewer of [early, resumed]) {
      const { status, headers } = await viewer.head();
      assert.deepEqual([status, headers.etag, headers["accept-ranges"]], [200, undefined, undefined]);
    }
    open();
    await assertWhole(early);
    await assertWhole(resumed);
    const known = new Viewer(port, { headers: { range: "bytes=100-", "if-range": etag } });
    const { headers } = await known.head();
    assert.deepEqual([headers.etag, headers["accept-ranges"]], [etag, "bytes"]);
    await assertWhole(known, bytes.subarray(100), 206);
  });

  it("says what it is when it is small enough to be known before it is sent", async () => {
    const small = randomBytes(heldBackBytes);
    await one.store.putBytes(small);
    const { port } = await serve(refOf(small));
    const { headers } = await new Viewer(port).head();
    assert.deepEqual([headers.etag, headers["accept-ranges"]], [`"${refOf(small).sha256}"`, "bytes"]);
  });

  it("comes in ranges, with its head alone, or not at all, as it is asked for", async () => {
    const open = gateAfterFirst(one);
    const { port } = await serve();
    const fromStart = new Viewer(port, { headers: { range: "bytes=0-" } });
    const early = new Viewer(port, { headers: { range: `bytes=100-${String(mebibyte)}` } });
    const late = new Viewer(port, { headers: { range: "bytes=-100" } });
    const head = new Viewer(port, { method: "HEAD" });
    const known = new Viewer(port, { headers: { "if-none-match": `"${object.sha256}"` } });
    await until(() => fromStart.receivedBytes > 0 && early.receivedBytes > 0);
    assert.deepEqual([(await known.end()).status, (await head.end()).body.length], [304, 0]);
    assert.equal((await head.end()).headers["content-length"], String(bytes.length));
    assert.equal((await early.head()).headers["content-range"], `bytes 100-${mebibyte}/${bytes.length}`);
    open();
    await assertWhole(fromStart, bytes, 206);
    await assertWhole(early, bytes.subarray(100, mebibyte + 1), 206);
    await assertWhole(late, bytes.subarray(-100), 206);
  });

  it("gives no whole range either while its hash is unknown", async () => {
    homes = [one.nodeId];
    here.peers.setDirectory([one.address]);
    const open = gateAfterFirst(one, (part) => Buffer.alloc(part.length, 7));
    const { port } = await serve();
    const range = new Viewer(port, { headers: { range: `bytes=0-${String(mebibyte / 2)}` } });
    await until(() => range.receivedBytes > 0);
    open();
    assert.equal((await range.end()).ended, "cut");
  });
});
