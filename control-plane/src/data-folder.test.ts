import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@vstream/core/clock.ts";
import type { VsError } from "@vstream/core/errors.ts";
import { openLog } from "@vstream/core/log.ts";
import { openControlPlane } from "./control-plane.ts";
import { runPlane } from "./testing/running-plane.ts";
import type { RunningPlane } from "./testing/running-plane.ts";
import { asked } from "./testing/unary.ts";

const { log } = openLog({ program: "test", level: "silent" });
const onFatal = (error: VsError): never => {
  throw error;
};

async function restart(running: RunningPlane): Promise<void> {
  await running.plane[Symbol.asyncDispose]();
  const plane = await openControlPlane(running.config, { log, clock: systemClock, version: "test", onFatal });
  await plane[Symbol.asyncDispose]();
}

async function tokenIn({ dataDir }: RunningPlane): Promise<string> {
  const token = (await readFile(join(dataDir, "admin-token"), "utf8")).trim();
  const config = JSON.parse(await readFile(join(dataDir, "vsctl.json"), "utf8")) as { token: string };
  assert.equal(config.token, token);
  return token;
}

async function revoke(running: RunningPlane, token: string): Promise<void> {
  const [, id = ""] = token.split(".");
  await asked((done) => running.admin.revokeToken({ id }, running.metadata, done));
}

describe("the control plane's data folder", () => {
  let running: RunningPlane;
  beforeEach(async () => {
    running = await runPlane();
  });
  afterEach(async () => {
    await running[Symbol.asyncDispose]();
  });

  it("gets another admin's token when no token is left that lets a user in", async () => {
    const first = await tokenIn(running);
    await running.createToken({ kind: "user", name: "past", expiresMs: 1 });
    await revoke(running, first);
    await restart(running);
    const second = await tokenIn(running);
    assert.notEqual(second, first);
    await restart(running);
    assert.equal(await tokenIn(running), second);
  });

  it("gets none while another user's token lets somebody in", async () => {
    const first = await tokenIn(running);
    await running.createToken({ kind: "user", name: "guest" });
    await revoke(running, first);
    await restart(running);
    assert.equal(await tokenIn(running), first);
  });

  it("is refused without its catalog: a new one would have every node's store swept", async () => {
    await running.plane[Symbol.asyncDispose]();
    for (const ending of ["", "-wal", "-shm"]) {
      await rm(join(running.dataDir, `catalog.sqlite${ending}`), { force: true });
    }
    await assert.rejects(restart(running), (error: { code: string; hint: string }) => {
      assert.equal(error.code, "catalog_damaged");
      assert.match(error.hint, /backup of catalog\.sqlite/);
      return true;
    });
  });
});
