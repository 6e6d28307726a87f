import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const program = new URL("./main.ts", import.meta.url).pathname;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...env } });
  const exit = once(child, "exit") as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { code, stdout, stderr };
}

describe("vstream-control", function () {
  this.timeout(60_000);
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "vstream-main-"));
  });
  afterEach(async () => {
    await rm(dataDir, { recursive: true });
  });

  it("names every problem of its configuration at once, for people and for the log", async () => {
    const file = join(dataDir, "control.yaml");
    await writeFile(file, 'listen: nowhere\nreplicas: 99\nnames: ["a b"]\ncolour: blue\n');
    const { code, stdout, stderr } = await run(["--config", file, "--check-config"]);
    assert.equal(code, 2);
    for (const key of ["dataDir", "listen", "replicas", "names", "colour"]) assert.match(stderr, new RegExp(key));
    const line = JSON.parse(stdout) as { level: string; code: string };
    assert.deepEqual([line.level, line.code], ["fatal", "invalid_config"]);
  });

  it("says its version, its usage, and that an option is wrong", async () => {
    assert.match((await run(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
    assert.match((await run(["--help"])).stdout, /--check-config/);
    assert.equal((await run(["--nonsense"])).code, 2);
    assert.equal((await run(["--check-config"], { VSTREAM_DATA_DIR: dataDir })).code, 0);
  });

  it("starts, leaves a way in for the first user, and stops gracefully on SIGTERM", async () => {
    const listen = "127.0.0.1:0";
    const env = {
      VSTREAM_DATA_DIR: dataDir,
      VSTREAM_LISTEN: listen,
      VSTREAM_AGENT_LISTEN: listen,
      VSTREAM_HTTP_LISTEN: listen,
    };
    const child = spawn(process.execPath, [program], { env: { ...process.env, ...env } });
    const lines: { msg: string; httpListen?: number }[] = [];
    const { promise: opened, resolve } = Promise.withResolvers<number>();
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      for (const line of chunk.split("\n").filter((part) => part !== "")) {
        const said = JSON.parse(line) as { msg: string; httpListen?: number };
        lines.push(said);
        if (said.msg === "control plane open") resolve(said.httpListen ?? 0);
      }
    });
    const port = await opened;
    assert.equal((await fetch(`http://127.0.0.1:${String(port)}/healthz`)).status, 200);
    const access = JSON.parse(await readFile(join(dataDir, "vsctl.json"), "utf8")) as Record<string, string>;
    assert.match(access["server"] ?? "", /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.match(access["token"] ?? "", /^vst\./);
    assert.match(access["authorityPem"] ?? "", /BEGIN CERTIFICATE/);
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    assert.equal(code, 0);
    assert.equal(lines.at(-1)?.msg, "stopped");
  });

  it("says that its catalog is damaged, and leaves it as it is", async () => {
    await writeFile(join(dataDir, "catalog.sqlite"), "this is no catalog");
    const { code, stderr } = await run([], { VSTREAM_DATA_DIR: dataDir });
    assert.equal(code, 1);
    assert.match(stderr, /catalog/);
    assert.equal(await readFile(join(dataDir, "catalog.sqlite"), "utf8"), "this is no catalog");
  });
});
