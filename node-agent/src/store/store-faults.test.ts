// The store under a killed process, a disk that fails, a disk that is full, and two agents on one folder.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rm, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { randomBytes } from "node:crypto";
import { objectsOf } from "@vstream/core/media.ts";
import { neverAborted, openTrialStore, refOf, strayFiles, streamOf, trialFolder } from "./trial-store.fixture.ts";

const child = join(import.meta.dirname, "trial-child.fixture.ts");

describe("the store under faults", () => {
  let folder: Awaited<ReturnType<typeof trialFolder>>;
  beforeEach(async () => {
    folder = await trialFolder();
  });
  afterEach(async () => {
    await folder[Symbol.asyncDispose]();
  });
  const start = (act: string, wrapper: readonly string[] = []): ChildProcess => {
    const [command, ...args] = [...wrapper, process.execPath, child, folder.path, act];
    return spawn(command, args, {
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
    });
  };

  it("keeps every piece that it said it had when it was killed", async () => {
    for (let round = 0; round < 3; round += 1) {
      const killed = start("fill");
      const recorded = (await linesUntil(killed, 4 + 7 * round)).filter((line) => line.startsWith("recorded"));
      killed.kill("SIGKILL");
      await once(killed, "exit");
      await using store = await openTrialStore(folder.path);
      for (const line of recorded) {
        const [, assetId] = line.split(" ");
        const [id] = store.inventory().get(assetId as never) ?? [];
        const piece = store.getPiece(assetId as never, id!);
        for (const object of objectsOf(piece!.content)) {
          assert.deepEqual(refOf(await store.read(object.sha256)), object);
        }
      }
      assert.deepEqual(
        (await strayFiles(folder.path)).filter((file) => !file.startsWith("cache")),
        [],
      );
    }
  });

  it("is free again when the agent that had it was killed", async () => {
    const holder = start("hold");
    await linesUntil(holder, 1);
    await assert.rejects(openTrialStore(folder.path), { code: "conflict" });
    holder.kill("SIGKILL");
    await once(holder, "exit");
    await (await openTrialStore(folder.path))[Symbol.asyncDispose]();
  });

  it("is refused to a second agent in another network namespace", async function () {
    if (!works("unshare", ["-n", "true"])) this.skip();
    const holder = start("hold", ["unshare", "-n"]);
    await linesUntil(holder, 1);
    await assert.rejects(openTrialStore(folder.path), { code: "conflict", message: /process \d+/ });
    holder.kill("SIGKILL");
    await once(holder, "exit");
  });

  it("takes over the lock of a process whose id another one has now", async () => {
    await writeFile(join(folder.path, "lock"), JSON.stringify({ pid: process.ppid, started: "another boot:1" }));
    await (await openTrialStore(folder.path))[Symbol.asyncDispose]();
  });

  // The first two fsyncs of the process are for its folders; then come the object's file and the object's folder.
  for (const [what, nth] of [
    ["file", 3],
    ["folder", 4],
  ] as const) {
    it(`never believes in an object whose ${what} could not be synced`, async function () {
      if (!works("strace", ["-o", "/dev/null", "true"])) this.skip();
      const inject = `inject=fsync:error=EIO:when=${String(nth)}`;
      const harmed = start("put", ["strace", "-f", "-o", "/dev/null", "-e", "trace=fsync", "-e", inject]);
      assert.deepEqual(await linesUntil(harmed, 3), ["open", "first disk_failed", "second stored"]);
      await once(harmed, "exit");
      await using store = await openTrialStore(folder.path);
      assert.deepEqual((await strayFiles(folder.path)).length, 1);
      assert.equal(store.usage.usedBytes, 0);
    });
  }

  it("leaves nothing half-made on a full disk, and goes on when there is room again", async function () {
    const disk = join(folder.path, "small");
    await mkdir(disk);
    if (!works("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk])) this.skip();
    try {
      await using store = await openTrialStore(disk);
      const ballast = join(store.uploadFolder, "ballast");
      await writeFile(ballast, randomBytes(3_200_000));
      const large = randomBytes(1_300_000);
      await assert.rejects(store.putBytes(large), { code: "storage_full" });
      await assert.rejects(store.putStream(refOf(large), streamOf(large).open, neverAborted), { code: "storage_full" });
      await assert.rejects(store.putCached(refOf(large), large), { code: "storage_full" });
      await assert.rejects(store.writeDocument("large", large.toString("hex")), { code: "storage_full" });
      assert.throws(() => store.reserve(2_000_000), { code: "storage_full" });
      assert.deepEqual(await strayFiles(disk), [join("uploads", "ballast")]);
      assert.equal(store.usage.usedBytes, 0);
      await rm(ballast);
      await store.putStream(refOf(large), streamOf(large).open, neverAborted);
      assert.deepEqual(await store.read(refOf(large).sha256), large);
    } finally {
      execFileSync("umount", [disk]);
    }
  });
});

async function linesUntil(process: ChildProcess, count: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: process.stdout! })) {
    lines.push(line);
    if (lines.length === count) break;
  }
  return lines;
}

function works(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    process.stderr.write(`      skipped: ${command} ${args.join(" ")} is not permitted here\n`);
    return false;
  }
}
