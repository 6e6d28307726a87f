// What people and programs see while an asset is encoded anew.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as Wire from "@vstream/proto/admin.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { runVsctl } from "./testing/run-vsctl.ts";
import type { Ran } from "./testing/run-vsctl.ts";
import { sampleAsset } from "./testing/sample-messages.ts";

describe("vsctl assets reencode", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "vsctl-reencode-"));
  const config = join(folder, "vsctl.json");
  const begun = sampleAsset({ edition: 1, nextLadder: "small" });
  const planes: FakeControlPlane[] = [];
  afterEach(async () => {
    for (const plane of planes.splice(0)) await plane[Symbol.asyncDispose]();
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const run = async (seen: readonly Wire.Asset[], ...args: string[]): Promise<Ran> => {
    const watchAsset = () => seen.map((asset, at) => ({ asset, resumeToken: String(at) }));
    const plane = await FakeControlPlane.start({ reencodeAsset: () => ({ asset: begun }), watchAsset });
    planes.push(plane);
    plane.holdStreams = seen.at(-1) === begun;
    writeFileSync(config, JSON.stringify(plane.config), { mode: 0o600 });
    return await runVsctl(["assets", "reencode", begun.id, "--ladder", "small", ...args, "--config", config]);
  };

  it("begins it, and says what plays meanwhile", async () => {
    const ran = await run([]);
    assert.equal(ran.exitCode, 0);
    assert.match(ran.stdout, /is encoded anew with ladder small; what it has plays until that is done\n$/);
    assert.deepEqual(planes[0]?.requests("reencodeAsset"), [{ id: begun.id, ladder: "small" }]);
    assert.deepEqual(planes[0].requests("watchAsset"), []);
  });

  it("waits for the new edition, and shows how far it is", async () => {
    const done = sampleAsset({ edition: 2, ladder: "small" });
    const ran = await run([begun, { ...begun, nextProgress: 0.5, speed: 3 }, done], "--wait");
    assert.equal(ran.exitCode, 0);
    assert.match(ran.stderr, /ladder small 0 %/);
    assert.match(ran.stdout, /plays as it was encoded anew, with ladder small\n$/);
    const told = await run([begun, done], "--wait", "--json");
    assert.equal((JSON.parse(told.stdout) as { edition: number }).edition, 2);
  });

  it("ends with the reason when it was given up, and says that the asset plays on", async () => {
    const reencodeError = { code: "ffmpeg_failed", message: "the encoder crashed", hint: "", retryable: true };
    const ran = await run([begun, sampleAsset({ edition: 1, reencodeError })], "--wait", "--json");
    const { error } = JSON.parse(ran.stdout) as { error: { code: string; message: string; hint: string } };
    assert.deepEqual([ran.exitCode, error.code], [1, "ffmpeg_failed"]);
    assert.match(error.message, /what it had plays on: the encoder crashed/);
    assert.match(error.hint, /vsctl tasks list/);
  });

  it("ends when somebody cancelled it, or the asset", async () => {
    const cancelled = await run([begun, sampleAsset({ edition: 1 })], "--wait", "--json");
    assert.equal((JSON.parse(cancelled.stdout) as { error: { code: string } }).error.code, "cancelled");
    const deleted = await run([begun, sampleAsset({ edition: 1, state: "deleting" })], "--wait", "--json");
    assert.equal((JSON.parse(deleted.stdout) as { error: { code: string } }).error.code, "asset_deleted");
  });

  it("gives up waiting in time, while the work goes on", async () => {
    const ran = await run([begun], "--wait", "--timeout", "1s");
    assert.equal(ran.exitCode, 5);
    assert.match(ran.stderr, /not encoded anew after 1s: 0 % of it is done/);
  });
});
