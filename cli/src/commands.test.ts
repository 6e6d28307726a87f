// What people and programs see of vsctl besides its rows: errors, tables, connections, the launcher.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { runVsctl } from "./testing/run-vsctl.ts";
import { sampleAsset, sampleNode, sampleStatus } from "./testing/sample-messages.ts";

describe("vsctl", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "vsctl-commands-"));
  const config = join(folder, "vsctl.json");
  let plane: FakeControlPlane;

  before(async () => {
    plane = await FakeControlPlane.start({
      listNodes: () => ({ items: [sampleNode({ name: "e\u001b[2Ju-1" })], nextCursor: "" }),
      listAssets: () => ({ items: [sampleAsset({ title: "bad\u001b]0;x\u0007 title" })], nextCursor: "c2" }),
      getStatus: () => sampleStatus({ problems: ["2 assets are degraded"] }),
      getAsset: () => {
        throw new VsError("asset_not_found", "there is no asset “x”", { hint: "See all: vsctl assets list" });
      },
      getNode: () => {
        throw new Error("secret inside");
      },
    });
    writeFileSync(config, JSON.stringify(plane.config), { mode: 0o600 });
  });
  after(async () => {
    await plane[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it("answers --version at once, on any Node", async () => {
    const ran = await runVsctl(["--version"]);
    assert.match(ran.stdout, /^vsctl \d+\.\d+\.\d+\n$/);
    assert.equal(ran.exitCode, 0);
  });

  it("starts on an older Node and runs on its own", async function () {
    const older = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => existsSync(path) && majorOf(path) < 24);
    if (older === undefined) this.skip();
    const ran = await runVsctl(["nodes", "list", "--json", "--config", config], { node: older });
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.equal((JSON.parse(ran.stdout) as { items: unknown[] }).items.length, 1);
    assert.equal((await runVsctl(["nodes", "lits"], { node: older })).exitCode, 2);
  });

  it("says what happened, to which thing, and what to try next", async () => {
    const ran = await runVsctl(["assets", "show", sampleAsset().id, "--config", config]);
    assert.equal(ran.stdout, "");
    assert.equal(ran.stderr, "Error: there is no asset “x” (asset_not_found)\nHint: See all: vsctl assets list\n");
    assert.equal(ran.exitCode, 3);
  });

  it("says the same as JSON, and nothing else", async () => {
    const ran = await runVsctl(["assets", "show", sampleAsset().id, "--config", config, "--json"]);
    assert.deepEqual(JSON.parse(ran.stdout), {
      error: { code: "asset_not_found", message: "there is no asset “x”", hint: "See all: vsctl assets list" },
    });
    assert.equal(ran.exitCode, 3);
  });

  it("shows no stack, unless it is asked to", async () => {
    const args = ["nodes", "show", "eu-1", "--config", config];
    const plain = await runVsctl(args);
    assert.equal(plain.exitCode, 1);
    assert.doesNotMatch(plain.stderr, / at .*\.ts|secret inside/);
    const withStack = await runVsctl(args, { env: { DEBUG: "1" } });
    assert.match(withStack.stderr, / at .*\.ts/);
  });

  it("guesses what was meant", async () => {
    const command = await runVsctl(["assets", "shwo"]);
    assert.match(command.stderr, /no command "vsctl assets shwo".*\nHint: Did you mean: vsctl assets show\n/);
    const flag = await runVsctl(["nodes", "list", "--limt", "3"]);
    assert.match(flag.stderr, /no flag --limt .*\nHint: Did you mean: vsctl nodes list --limit\n/);
    assert.deepEqual([command.exitCode, flag.exitCode], [2, 2]);
  });

  it("refuses values that cannot be", async () => {
    for (const args of [
      ["nodes", "list", "--limit", "0"],
      ["nodes", "list", "--label", "novalue"],
      ["assets", "wait", sampleAsset().id, "--for", "lunch"],
      ["assets", "wait", sampleAsset().id, "--timeout", "soon"],
      ["nodes", "list", "extra"],
      ["assets", "show"],
    ]) {
      const ran = await runVsctl([...args, "--config", config, "--json"]);
      assert.equal(ran.exitCode, 2, args.join(" ") + ran.stdout);
      assert.equal((JSON.parse(ran.stdout) as { error: { code: string } }).error.code, "usage");
    }
  });

  it("names the flag whose value cannot be", async () => {
    const ran = await runVsctl(["assets", "wait", sampleAsset().id, "--timeout", "soon"]);
    assert.equal(
      ran.stderr,
      'Error: --timeout: "soon" is not a duration (usage)\nHint: Write it as 30s, 15m, 1h30m or 7d\n',
    );
  });

  it("takes what has not the form of an id for the id of nothing", async () => {
    for (const [args, code] of [
      [["assets", "show", "nope"], "asset_not_found"],
      [["tasks", "logs", "nope"], "task_not_found"],
      [["tokens", "revoke", "nope"], "token_not_found"],
    ] as const) {
      const ran = await runVsctl([...args, "--json"]);
      assert.equal(ran.exitCode, 3);
      assert.equal((JSON.parse(ran.stdout) as { error: { code: string } }).error.code, code);
    }
  });

  it("lets nothing from outside steer the terminal", async () => {
    const nodes = await runVsctl(["nodes", "list", "--config", config]);
    const assets = await runVsctl(["assets", "list", "--config", config], { env: { FORCE_COLOR: "1" } });
    assert.ok(nodes.stdout.includes(String.raw`e\x1b[2Ju-1`), nodes.stdout);
    assert.ok(assets.stdout.includes(String.raw`bad\x1b]0;x\x07 title`), assets.stdout);
  });

  it("colours states only where colours are wanted", async () => {
    const args = ["nodes", "list", "--config", config];
    const { stdout: coloured } = await runVsctl(args, { env: { FORCE_COLOR: "1", NO_COLOR: "" } });
    const { stdout: plain } = await runVsctl([...args, "--no-color"], { env: { FORCE_COLOR: "1" } });
    assert.ok(coloured.includes("\u001b[32mup\u001b[39m"), coloured);
    assert.ok(!plain.includes("\u001b"), plain);
  });

  it("prints ids alone with -q, and how to see more", async () => {
    const ran = await runVsctl(["assets", "list", "-q", "--config", config]);
    assert.equal(ran.stdout, `${sampleAsset().id}\n`);
    assert.match(ran.stderr, /--cursor c2/);
  });

  it("learns the cluster's certificate from its token", async () => {
    const env = { VSCTL_TOKEN: plane.token, VSCTL_SERVER: plane.url };
    const ran = await runVsctl(["nodes", "list", "--json"], { env });
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  });

  it("does not talk to another cluster than the token's", async () => {
    const foreign = plane.token.replace(/[0-9a-f]{64}$/, "0".repeat(64));
    const env = { VSCTL_TOKEN: foreign, VSCTL_SERVER: plane.url };
    const ran = await runVsctl(["nodes", "list", "--json"], { env });
    assert.equal(ran.exitCode, 4);
    assert.equal((JSON.parse(ran.stdout) as { error: { code: string } }).error.code, "wrong_cluster");
  });

  it("says that nobody answers, and where", async () => {
    const away = join(folder, "away.json");
    writeFileSync(away, JSON.stringify({ ...plane.config, server: "https://127.0.0.1:1" }));
    const ran = await runVsctl(["nodes", "list", "--config", away]);
    assert.equal(ran.exitCode, 1);
    assert.match(ran.stderr, /127\.0\.0\.1:1 does not answer \(unavailable\)/);
  });

  it("has a doctor that ends with 1 when something is wrong", async () => {
    const open = join(folder, "open.json");
    writeFileSync(open, JSON.stringify(plane.config), { mode: 0o644 });
    assert.notEqual(statSync(open).mode & 0o077, 0);
    const ran = await runVsctl(["doctor", "--config", open, "--json"]);
    assert.equal(ran.exitCode, 1, ran.stderr);
    const { ok, findings } = JSON.parse(ran.stdout) as { ok: boolean; findings: { check: string; ok: boolean }[] };
    assert.equal(ok, false);
    const wrong = new Set(findings.filter((finding) => !finding.ok).map((finding) => finding.check));
    assert.ok(wrong.has("configuration") && wrong.has("control plane") && wrong.has("copies"), [...wrong].join());
  });

  it("shows help for everything", async () => {
    for (const args of [["--help"], ["nodes", "--help"], ["nodes", "drain", "--help"], []]) {
      const ran = await runVsctl(args);
      assert.equal(ran.exitCode, 0, ran.stderr);
      assert.match(ran.stdout, /USAGE/);
    }
  });
});

function majorOf(node: string): number {
  return Number.parseInt(execFileSync(node, ["--version"], { encoding: "utf8" }).slice(1), 10);
}
