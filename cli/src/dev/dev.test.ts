// The parts of a local cluster that need no programs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@vstream/core/clock.ts";
import { runVsctl } from "../testing/run-vsctl.ts";
import { nameNodes, planCluster, spreadRegions } from "./cluster-files.ts";
import { programOf, readRecord, requireRecord, writeRecord } from "./cluster-record.ts";
import { exportLine, viewCluster } from "./cluster-view.ts";
import { devFolder, programFiles } from "./dev-folder.ts";
import { explainFailure } from "./explain-failure.ts";
import { lockFolder } from "./folder-lock.ts";
import { identify, isRunning, signalProcess } from "./process-identity.ts";
import { stopProgram } from "./run-program.ts";

describe("a local cluster", function () {
  this.timeout(30_000);
  const base = mkdtempSync(join(tmpdir(), "vsctl-dev-"));
  let count = 0;
  const freshFolder = () => devFolder(join(base, String((count += 1))), {});
  after(() => {
    rmSync(base, { recursive: true });
  });

  it("lives in the user's state folder unless it is told otherwise", () => {
    assert.equal(devFolder(undefined, { XDG_STATE_HOME: "/s" }).path, "/s/vstream/dev");
    assert.equal(devFolder(undefined, { HOME: "/h" }).path, "/h/.local/state/vstream/dev");
  });

  it("names its nodes after their regions, which are taken in turn", () => {
    assert.deepEqual(nameNodes(["eu", "eu", "us"]), ["eu-1", "eu-2", "us-1"]);
    assert.deepEqual(spreadRegions(["eu", "us"], 5), ["eu", "us", "eu", "us", "eu"]);
  });

  it("gives every program ports and a folder of its own", async () => {
    const folder = freshFolder();
    using _lock = lockFolder(folder);
    const record = await planCluster(folder, ["eu", "us"]);
    const configs = ["control", "eu-1", "us-1"].map((name) =>
      readFileSync(programFiles(folder, name).configFile, "utf8"),
    );
    const listening = configs.flatMap((text) => text.match(/isten: "127\.0\.0\.1:\d+"/g) ?? []);
    assert.equal(listening.length, 7);
    assert.equal(new Set(listening).size, 7);
    assert.match(configs[1] ?? "", new RegExp(`controlUrl: "https://${record.control.address}"`));
    assert.match(configs[1] ?? "", /name: "eu-1"\nregion: "eu"\n/);
  });

  it("has zones only when it is told", async () => {
    const folder = freshFolder();
    using _lock = lockFolder(folder);
    const configOf = (name: string): string => readFileSync(programFiles(folder, name).configFile, "utf8");
    await planCluster(folder, ["eu", "eu", "eu"], ["a", "b"]);
    const zones = ["eu-1", "eu-2", "eu-3"].map((name) => /^zone: "(.*)"$/m.exec(configOf(name))?.[1]);
    assert.deepEqual(zones, ["a", "b", "a"]);
    await planCluster(folder, ["eu"]);
    assert.doesNotMatch(configOf("eu-1"), /^zone/m);
  });

  it("is remembered, and its programs are found by name", async () => {
    const folder = freshFolder();
    using _lock = lockFolder(folder);
    const record = await planCluster(folder, ["eu"]);
    writeRecord(folder, record);
    assert.deepEqual(requireRecord(folder), record);
    assert.equal(programOf(record, "control"), record.control);
    assert.throws(() => programOf(record, "eu-7"), { code: "node_not_found", hint: "It has: control, eu-1" });
  });

  it("does not take a damaged record for none", () => {
    const folder = freshFolder();
    assert.equal(readRecord(folder), undefined);
    using _lock = lockFolder(folder);
    writeFileSync(folder.recordFile, "{}");
    assert.throws(() => readRecord(folder), { code: "invalid_config" });
  });

  it("is shown with the process ids of what runs", async () => {
    const folder = freshFolder();
    using _lock = lockFolder(folder);
    const record = await planCluster(folder, ["eu"]);
    record.control.process = identify(process.pid) ?? null;
    record.nodes[0]!.process = { pid: process.pid, startTime: "another process had this id" };
    const view = viewCluster(folder, record);
    assert.deepEqual([view.controlPlane.pid, view.nodes[0]?.pid], [process.pid, null]);
    assert.equal(exportLine(view), `export VSCTL_CONFIG=${folder.vsctlConfig}`);
    assert.equal(exportLine({ ...view, config: "/a b/it's" }), String.raw`export VSCTL_CONFIG='/a b/it'\''s'`);
  });

  it("refuses to start over one that runs", async () => {
    const folder = freshFolder();
    {
      using _lock = lockFolder(folder);
      const record = await planCluster(folder, ["eu"]);
      record.control.process = identify(process.pid) ?? null;
      writeRecord(folder, record);
    }
    const ran = await runVsctl(["dev", "up", "--dir", folder.path, "--json"]);
    assert.equal(ran.exitCode, 6, ran.stdout);
    assert.match(ran.stdout, /cluster_exists/);
  });

  it("is changed by one vsctl at a time", () => {
    const folder = freshFolder();
    {
      using _lock = lockFolder(folder);
      assert.throws(() => lockFolder(folder), { code: "conflict" });
    }
    lockFolder(folder)[Symbol.dispose]();
    // Left behind by a vsctl that was killed.
    writeFileSync(folder.lockFile, JSON.stringify({ pid: process.pid, startTime: "0" }));
    lockFolder(folder)[Symbol.dispose]();
  });

  it("never signals a process that only has the id of one of its own", () => {
    const own = identify(process.pid);
    assert.ok(own !== undefined && isRunning(own));
    const reused = { pid: process.pid, startTime: "0" };
    assert.equal(isRunning(reused), false);
    signalProcess(reused, "SIGKILL");
  });

  it("kills what does not stop when it is asked to", async () => {
    const deaf = spawn(process.execPath, [
      "-e",
      "process.on('SIGTERM', () => {}); console.log(1); setInterval(() => {}, 1000)",
    ]);
    await new Promise((resolve) => deaf.stdout.once("data", resolve));
    const identity = identify(deaf.pid ?? 0);
    assert.ok(identity !== undefined);
    await stopProgram(identity, systemClock, 200);
    assert.equal(isRunning(identity), false);
  });

  it("tells why a program did not start, in the program's own words and with its code", () => {
    const logFile = join(base, "eu-1.log");
    const earlier = '{"level":"fatal","code":"internal","msg":"of an earlier run"}\n';
    const lines = ['{"level":"info","msg":"starting"}', '{"level":"fatal","code":"port_taken","msg":"x"}'];
    writeFileSync(logFile, `${earlier}${lines.join("\n")}\nvstream-agent: port 7800 is taken\n`);
    const error = explainFailure({ name: "eu-1", logFile, logStart: earlier.length }, "exit code 1");
    assert.equal(error.code, "port_taken");
    assert.equal(error.message, "eu-1 did not start (exit code 1):\n  vstream-agent: port 7800 is taken");
    assert.match(error.hint, /eu-1\.log/);
  });
});
