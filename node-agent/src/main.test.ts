import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, [main, ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    encoding: "utf8",
  });
}

describe("vstream-agent", () => {
  it("says in its log and to the person at the terminal what keeps it from starting", () => {
    const ended = run([], { VSTREAM_CONTROL_URL: "ftp://control" });
    assert.equal(ended.status, 2);
    const line = JSON.parse(ended.stdout) as { level: string; code: string };
    assert.deepEqual([line.level, line.code], ["fatal", "invalid_config"]);
    assert.match(ended.stderr, /^vstream-agent: the configuration has 2 problem\(s\)/);
    assert.match(ended.stderr, /dataDir: is missing[^]*controlUrl: is not a URL/);
  });

  it("checks a configuration without starting anything", () => {
    const env = { VSTREAM_DATA_DIR: "/nowhere", VSTREAM_CONTROL_URL: "https://control:7700" };
    const ended = run(["--check-config"], env);
    assert.deepEqual([ended.status, ended.stdout], [0, "the configuration is good\n"]);
  });

  it("refuses arguments that it does not know", () => {
    assert.equal(run(["--fast"]).status, 2);
    assert.equal(run(["leave"]).status, 2);
  });
});
