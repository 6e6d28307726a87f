// Runs every row of vsctl's table, with every flag in it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandTable } from "./command-table.ts";
import { laterCommands } from "./later-parts.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import type { Answers } from "./testing/fake-control-plane.ts";
import { callRows, laterRows, localRows } from "./testing/rows.ts";
import type { Row } from "./testing/rows.ts";
import { runVsctl } from "./testing/run-vsctl.ts";
import type { Ran } from "./testing/run-vsctl.ts";
import {
  sampleAsset,
  sampleEvent,
  sampleImpact,
  sampleNode,
  sampleProvenance,
  sampleRebalance,
  sampleRebuild,
  sampleStatus,
  sampleTask,
  sampleToken,
  sampleVerification,
} from "./testing/sample-messages.ts";

const answers: Answers = {
  listAssets: () => ({ items: [sampleAsset()], nextCursor: "c2" }),
  getAsset: () => ({ asset: sampleAsset() }),
  watchAsset: () => [{ asset: sampleAsset({ edition: 1 }), resumeToken: "r1" }],
  verifyAsset: () => [sampleVerification("checking"), sampleVerification("good")],
  rebuildAsset: () => [sampleRebuild("encoding"), sampleRebuild("encoded")],
  getProvenance: () => sampleProvenance(),
  getPlayback: () => ({
    asset: sampleAsset(),
    playback: { watch: ["http://n/watch/a"], hls: ["http://n/v/a"], dash: ["http://n/v/d"] },
  }),
  updateAsset: () => ({ asset: sampleAsset() }),
  cancelAsset: () => ({ asset: sampleAsset({ state: "failed" }) }),
  deleteAsset: () => ({ asset: sampleAsset({ state: "deleting" }) }),
  undeleteAsset: () => ({ asset: sampleAsset() }),
  reencodeAsset: () => ({ asset: sampleAsset({ nextLadder: "fast" }) }),
  listNodes: () => ({ items: [sampleNode()], nextCursor: "" }),
  getNode: () => ({ node: sampleNode() }),
  cordonNode: () => ({ node: sampleNode({ scheduling: "cordoned" }) }),
  uncordonNode: () => ({ node: sampleNode() }),
  drainNode: () => ({ node: sampleNode({ scheduling: "drained" }) }),
  removeNode: () => ({ node: sampleNode() }),
  getNodeImpact: () => sampleImpact(),
  previewRebalance: () => sampleRebalance(),
  getNodeLogs: () => ({ lines: ["one", "two"] }),
  createToken: () => ({ token: sampleToken(), secret: "vst.x" }),
  listTokens: () => ({ items: [sampleToken()], nextCursor: "" }),
  revokeToken: () => ({ token: sampleToken() }),
  listTasks: () => ({ items: [sampleTask()], nextCursor: "" }),
  getTask: () => ({ task: sampleTask() }),
  getTaskLogs: () => ({ lines: ["frame=1"], running: false }),
  retryTask: () => ({ task: sampleTask() }),
  cancelTask: () => ({ task: sampleTask({ state: "cancelled" }) }),
  listEvents: () => ({ items: [sampleEvent()], nextCursor: "" }),
  watchEvents: () => [{ event: sampleEvent(), resumeToken: "12" }],
  getStatus: () => sampleStatus(),
};

describe("every row of vsctl's table", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "vsctl-rows-"));
  let plane: FakeControlPlane;
  const config = join(folder, "vsctl.json");

  before(async () => {
    plane = await FakeControlPlane.start(answers);
    writeFileSync(config, JSON.stringify(plane.config), { mode: 0o600 });
  });
  after(async () => {
    await plane[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  for (const row of callRows) {
    it(`vsctl ${row.args.join(" ")}`, async () => {
      plane.asked.length = 0;
      const ran = await runVsctl([...row.args, "--json", "--config", config], { cwd: folder });
      checkRow(row, ran);
      if (row.asks === undefined) return;
      const [method, fields] = row.asks;
      const asked = plane.asked.find((one) => one.method === method);
      assert.ok(asked, `${method} was not called`);
      assert.partialDeepStrictEqual(asked.request, fields);
    });
  }

  for (const row of localRows) {
    it(`vsctl ${row.args.join(" ")}`, async () => {
      checkRow(row, await runVsctl([...row.args, "--json"], { cwd: folder }));
    });
  }

  for (const args of laterRows) {
    it(`vsctl ${args.join(" ")} is not there yet`, async () => {
      const ran = await runVsctl([...args, "--json", "--config", config], { cwd: folder });
      assert.equal(ran.exitCode, 2, ran.stdout + ran.stderr);
      assert.equal(errorOf(ran).code, "not_there_yet");
    });
  }

  it("leaves no command out, and no flag of one", async () => {
    const typed = [...callRows, ...localRows].map(({ args }) => args);
    const all = [...typed, ...laterRows, ...testedElsewhere];
    for (const { id, load } of commandTable) {
      const words = id.split(":");
      const own = all.filter((args) => words.every((word, index) => args[index] === word)).flat();
      assert.ok(own.length > 0, `no row for vsctl ${words.join(" ")}`);
      for (const [name, flag] of Object.entries((await load()).flags)) {
        const known = own.includes(`--${name}`) || own.includes(`-${flag.char ?? name}`);
        assert.ok(known, `no row for vsctl ${words.join(" ")} --${name}`);
      }
    }
    for (const { id } of laterCommands) assert.ok(commandTable.some((entry) => entry.id === id));
  });
});

// In ingest.test.ts, ingest-sources.test.ts, doctor.test.ts, check-command.test.ts, download.test.ts, with nodes and files of their own.
const testedElsewhere = [
  ["doctor"],
  ["assets", "check", "--quick", "--decode", "--node", "--timeout"],
  ["assets", "download", "--output", "--force"],
  ...[
    "--title",
    "--ladder",
    "--replicas",
    "--regions",
    "--pin",
    "--label",
    "--external-id",
    "--priority",
    "--wait",
    "--subtitle",
    "--no-beside",
    "--keep-source",
    "--force",
    "--allow-damaged",
  ].map((flag) => ["ingest", flag]),
];

function checkRow(row: Row, ran: Ran): void {
  assert.equal(ran.exitCode, row.exitCode ?? 0, ran.stdout + ran.stderr);
  if ((row.exitCode ?? 0) !== 0) {
    const { code, message, hint } = errorOf(ran);
    assert.ok(code !== "" && message !== "" && hint !== undefined);
    return;
  }
  const oneALine = row.args.includes("--follow") || row.args.includes("--watch");
  const [line = ""] = oneALine ? ran.stdout.split("\n") : [ran.stdout];
  const printed = JSON.parse(line) as object;
  for (const key of row.keys ?? []) assert.ok(key in printed, `${key} is missing in ${line}`);
}

function errorOf(ran: Ran): { code: string; message: string; hint?: string } {
  const { error } = JSON.parse(ran.stdout) as { error: { code: string; message: string; hint?: string } };
  return error;
}
