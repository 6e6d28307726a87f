// What people see of copies: how they are verified, moved and drained away.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import type { Answers } from "./testing/fake-control-plane.ts";
import { runVsctl } from "./testing/run-vsctl.ts";
import type { Ran } from "./testing/run-vsctl.ts";
import {
  sampleAsset,
  sampleImpact,
  sampleNode,
  sampleRebalance,
  sampleVerification,
} from "./testing/sample-messages.ts";
import { impactLine } from "./node-pages.ts";
import { toNodeImpact } from "./wire.ts";

describe("vsctl on copies", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "vsctl-copies-"));
  const config = join(folder, "vsctl.json");
  const assetId = sampleAsset().id;
  let planes: AsyncDisposableStack;
  beforeEach(() => {
    planes = new AsyncDisposableStack();
  });
  afterEach(async () => {
    await planes.disposeAsync();
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const run = async (answers: Answers, ...args: string[]): Promise<Ran> => {
    const plane = planes.use(await FakeControlPlane.start(answers));
    writeFileSync(config, JSON.stringify(plane.config), { mode: 0o600 });
    return await runVsctl([...args, "--config", config]);
  };

  it("ends a verification with 1 while a copy is bad, and says what comes of it", async () => {
    const bad = { badPieceIds: ["video-00003"], checkedBytes: 5_000_000 };
    const verifyAsset = () => [sampleVerification("checking"), sampleVerification("bad", bad)];
    const ran = await run({ verifyAsset }, "assets", "verify", assetId);
    assert.equal(ran.exitCode, 1);
    assert.match(ran.stdout, /eu-1 +good +9\.0 MB +9\.0 MB +– +–\nus-1 +bad +5\.0 MB +9\.0 MB +video-00003 +–\n/);
    assert.match(ran.stderr, new RegExp(`us-1: checking .*us-1: bad .*vsctl assets show ${assetId}`, "s"));
  });

  it("tells programs of the copies that were good, and of those that nobody could ask", async () => {
    const verifyAsset = () => [sampleVerification("unreachable", { checkedBytes: 0, reason: "it is down" })];
    const ran = await run({ verifyAsset }, "assets", "verify", assetId, "--json");
    assert.equal(ran.exitCode, 1);
    const { asset, bad, copies } = JSON.parse(ran.stdout) as { asset: string; bad: number; copies: object[] };
    assert.deepEqual([asset, bad], [assetId, 1]);
    assert.partialDeepStrictEqual(copies, [
      { state: "good", badPieceIds: [], reason: null },
      { state: "unreachable", checkedBytes: 0, totalBytes: 9_000_000, reason: "it is down" },
    ]);
    assert.match(ran.stderr, /vsctl nodes list/);
  });

  it("does not take an asset without a copy for a good one", async () => {
    const verifyAsset = () => [{ copies: [], done: true }];
    const getAsset = () => ({ asset: sampleAsset({ state: "failed" }) });
    const ran = await run({ verifyAsset, getAsset }, "assets", "verify", assetId, "--json");
    assert.equal(ran.exitCode, 1);
    assert.deepEqual(JSON.parse(ran.stdout), { asset: assetId, copies: [], bad: 0 });
    assert.match(ran.stderr, /no node holds a copy/);
  });

  it("says that there is nothing to verify while an asset is uploading", async () => {
    const verifyAsset = () => [{ copies: [], done: true }];
    const getAsset = () => ({ asset: sampleAsset({ state: "uploading" }) });
    const ran = await run({ verifyAsset, getAsset }, "assets", "verify", assetId);
    assert.equal(ran.exitCode, 6);
    assert.match(ran.stderr, /nothing to verify yet: it is uploading/);
  });

  it("does not take a verification that broke off for one that ended", async () => {
    const ran = await run({ verifyAsset: () => [sampleVerification("checking")] }, "assets", "verify", assetId);
    assert.equal(ran.exitCode, 1);
    assert.match(ran.stderr, /ended before every node had answered/);
  });

  it("previews moves by the names of the nodes, and says whether they happen by themselves", async () => {
    const listNodes = () => ({ items: [sampleNode()], nextCursor: "" });
    const previewRebalance = () => sampleRebalance({ enabled: false, movesInAll: 70, bytesInAll: 600_000_000 });
    const ran = await run({ previewRebalance, listNodes }, "nodes", "rebalance");
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.match(ran.stdout, /in the background +off.*\nspread +42 %.*\n.*\nto move +70 asset\(s\), 600 MB\n/);
    assert.match(ran.stdout, /Big Buck Bunny +eu-1 +no1m823v0pw6kegn5kge6c +9\.0 MB\n/);
    assert.match(ran.stderr, /the next 1 of about 70/);
  });

  it("says each step of a drain once while it waits", async () => {
    const draining = (step: string, assetsLeft: number) =>
      sampleNode({ scheduling: "draining", drain: { step, assetsLeft, tasksLeft: 0, viewersLeft: 2 } });
    const states = [
      draining("copying", 3),
      draining("copying", 3),
      draining("waiting for viewers", 0),
      sampleNode({ scheduling: "drained" }),
    ];
    const getNode = () => ({ node: states.shift() });
    const drainNode = () => ({ node: draining("finishing tasks", 3) });
    const ran = await run({ getNode, drainNode }, "nodes", "drain", "eu-1", "--wait");
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.deepEqual(ran.stderr.trim().split("\n").slice(1), [
      "node eu-1: copying: 3 asset(s), 0 task(s) and 2 viewer(s) left",
      "node eu-1: waiting for viewers: 0 asset(s), 0 task(s) and 2 viewer(s) left",
    ]);
  });

  it("shows why an asset stands where it does, and how a node's disk is", async () => {
    const asset = await run(
      { getAsset: () => ({ asset: sampleAsset({ extraReplicas: 1 }) }) },
      "assets",
      "show",
      assetId,
    );
    assert.match(asset.stdout, /copies wanted +2, and 1 more while it is watched this much\n/);
    assert.match(
      asset.stdout,
      new RegExp(`pinned to +${sampleNode().id}\ncopy +${sampleNode().id} verified: pinned\n`),
    );
    const node = await run({ getNode: () => ({ node: sampleNode({ zone: "rack-7" }) }) }, "nodes", "show", "eu-1");
    assert.match(node.stdout, /zone +rack-7\n[^]*processor +50 %\ndisk +25 %\nscrub +500 MB of 1\.0 GB read again\n/);
    assert.match(node.stdout, /damage +1 wrong object\(s\) found so far, 1 in quarantine\n/);
  });

  it("names assets, viewers, bytes and time before a node goes", () => {
    assert.equal(
      impactLine(toNodeImpact(sampleImpact())),
      "Node eu-1 holds copies of 3 asset(s), 1 of them with no whole copy elsewhere, " +
        "and serves 3 viewer(s). To copy: 9.0 MB, about 1m 30s.",
    );
    assert.match(impactLine(toNodeImpact(sampleImpact({ copyMs: -1 }))), /To copy: 9\.0 MB, in a time that no recent/);
    assert.match(impactLine(toNodeImpact(sampleImpact({ bytesToCopy: 0 }))), /To copy: nothing\.$/);
  });
});
