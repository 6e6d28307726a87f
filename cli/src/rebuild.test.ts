// What people and programs see of a rebuild and of a provenance.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import type { Answers } from "./testing/fake-control-plane.ts";
import { runVsctl } from "./testing/run-vsctl.ts";
import type { Ran } from "./testing/run-vsctl.ts";
import { sampleAsset, sampleNode, sampleProvenance, sampleRebuild, sampleTask } from "./testing/sample-messages.ts";

describe("vsctl on how an asset was made", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "vsctl-rebuild-"));
  const config = join(folder, "vsctl.json");
  const assetId = sampleAsset().id;
  let plane: FakeControlPlane;
  afterEach(async () => {
    await plane[Symbol.asyncDispose]();
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const run = async (answers: Answers, ...args: string[]): Promise<Ran> => {
    plane = await FakeControlPlane.start(answers);
    writeFileSync(config, JSON.stringify(plane.config), { mode: 0o600 });
    return await runVsctl([...args, "--config", config]);
  };

  it("says what was encoded again, and that it is the same", async () => {
    const rebuildAsset = () => [sampleRebuild("waiting"), sampleRebuild("encoding"), sampleRebuild("encoded")];
    const ran = await run({ rebuildAsset }, "assets", "rebuild", assetId);
    assert.equal(ran.exitCode, 0);
    assert.match(ran.stdout, /video-00003 +encoded +eu-1 +1 +yes +–\n/);
    assert.match(ran.stdout, /whole again: 1 pieces encoded again, to the same bytes; 1 copies made\n$/);
    assert.match(ran.stderr, /video-00003: encoding\n.*video-00003: encoded/s);
  });

  it("tells programs the same", async () => {
    const ran = await run({ rebuildAsset: () => [sampleRebuild("encoded")] }, "assets", "rebuild", assetId, "--json");
    assert.deepEqual(JSON.parse(ran.stdout), {
      ...{ asset: assetId, verified: { copies: 2, bad: 1, unreachable: 0 }, copied: 1, failed: [] },
      rebuilt: [
        {
          ...{ pieceId: "video-00003", nodeId: sampleNode().id, taskId: sampleTask().id, sameBytes: true },
          objects: [{ sha256: "cd".repeat(32), bytes: 300_000 }],
        },
      ],
    });
  });

  it("says that nothing was wrong", async () => {
    const whole = { ...sampleRebuild("copied"), copies: [], pieces: [], copiesMade: 0 };
    const ran = await run({ rebuildAsset: () => [whole] }, "assets", "rebuild", assetId);
    assert.equal(ran.exitCode, 0);
    assert.match(ran.stdout, /is whole: every copy that could be read is good\n$/);
  });

  it("ends with 1 and the reason when something cannot be made again, or comes out otherwise", async () => {
    const failure = { code: "object_missing", message: "no source", hint: "Ingest it again", retryable: false };
    const failed = () => [sampleRebuild("failed", { failure })];
    const ran = await run({ rebuildAsset: failed }, "assets", "rebuild", assetId);
    assert.equal(ran.exitCode, 1);
    assert.match(ran.stdout, /video-00003 +failed .* no source\n/);
    assert.match(ran.stderr, /1 of 1 pieces cannot be made again\nIngest it again\n$/);
    await plane[Symbol.asyncDispose]();
    const other = () => [sampleRebuild("encoded", { sameBytes: false })];
    assert.equal((await run({ rebuildAsset: other }, "assets", "rebuild", assetId)).exitCode, 1);
  });

  it("gives up in time, with 5, and says what is left", async () => {
    plane = await FakeControlPlane.start({ rebuildAsset: () => [sampleRebuild("copying")] });
    plane.holdStreams = true;
    writeFileSync(config, JSON.stringify(plane.config), { mode: 0o600 });
    const ran = await runVsctl(["assets", "rebuild", assetId, "--timeout", "2s", "--config", config]);
    assert.equal(ran.exitCode, 5, ran.stderr);
    assert.match(ran.stderr, /1 pieces are still copying/);
  });

  it("goes on when the control plane comes back", async () => {
    let calls = 0;
    const rebuildAsset: Answers["rebuildAsset"] = () => {
      calls += 1;
      if (calls === 1) throw new VsError("unavailable", "it restarts");
      return [sampleRebuild("encoded")];
    };
    const ran = await run({ rebuildAsset }, "assets", "rebuild", assetId);
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.match(ran.stderr, /does not answer; trying again/);
  });

  it("shows what an asset was made from, and who made each piece", async () => {
    const ran = await run({ getProvenance: sampleProvenance }, "assets", "provenance", assetId);
    assert.equal(ran.exitCode, 0);
    assert.match(ran.stdout, /source +bbb\.mp4, 5\.5 MB\n/);
    assert.match(ran.stdout, /video +h264, 854x480, 24 fps, yuv420p\n/);
    assert.match(ran.stdout, /rung +480p, 854x480, h264 high, medium, crf 23, at most 1\.0 Mbit\/s over 2 s\n/);
    assert.match(ran.stdout, /video-00000 +eu-1 +0123456789abcdef +5\.1\.9 +1 +300 kB\n/);
    assert.match(ran.stdout, /note +a note\\x1b\[31m\n/, "nothing of it steers the terminal");
  });

  it("shows of one piece what ffmpeg was told, as it could be typed", async () => {
    const piece = ["--piece", "video-00000"];
    const ran = await run({ getProvenance: sampleProvenance }, "assets", "provenance", assetId, ...piece);
    assert.equal(ran.exitCode, 0);
    assert.ok(ran.stdout.endsWith("\nffmpeg -i file:source -vf 'scale=854:480' encoded/encoded-0.mp4\n"));
  });
});
