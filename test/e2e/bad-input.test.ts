// What operators get wrong, and what breaks: a clear error, the right exit code, nothing left behind.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile, copyFile, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster, clip, eventually, repository, runProgram, runVsctl } from "../cluster/cluster.ts";
import type { AssetJson, Outcome } from "../cluster/cluster.ts";
import { storedObjects, strayFiles } from "../cluster/leftovers.ts";

const program = (name: string): string => join(repository, "dist", "bin", name);

describe("bad input", () => {
  let cluster: Cluster;
  let folder: string;

  before(async () => {
    cluster = await Cluster.start({ nodes: 2, regions: "eu,us" });
    folder = await mkdtemp(join(tmpdir(), "vstream-bad-"));
  });

  after(async () => {
    await cluster[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const sources: readonly { title: string; make(path: string): Promise<void>; code: string; exit: number }[] = [
    {
      title: "a text",
      make: async (path) => {
        await writeFile(path, "not a film\n".repeat(1000));
      },
      code: "not_media",
      exit: 7,
    },
    {
      title: "an empty file",
      make: async (path) => {
        await writeFile(path, "");
      },
      code: "source_empty",
      exit: 7,
    },
    {
      title: "a folder",
      make: async (path) => {
        await mkdir(path);
      },
      code: "source_is_directory",
      exit: 7,
    },
    {
      title: "a file that is not there",
      make: async () => {
        await Promise.resolve();
      },
      code: "source_not_found",
      exit: 3,
    },
    { title: "a clip cut to 60 % of its bytes", make: cutClip, code: "source_truncated", exit: 7 },
    { title: "a clip with a codec that nobody knows", make: unknownCodec, code: "unknown_codec", exit: 7 },
    {
      title: "a playlist that is called .mp4",
      make: async (path) => {
        await writeFile(path, "#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n");
      },
      code: "not_media",
      exit: 7,
    },
  ];

  for (const source of sources) {
    it(`refuses ${source.title} as ${source.code}`, async () => {
      const path = join(folder, `${source.code}-${String(source.exit)}-${source.title.length}.mp4`);
      await source.make(path);
      const outcome = await cluster.vsctl("ingest", path, "--json");
      refused(outcome, source.code, source.exit);
      const people = await cluster.vsctl("ingest", path);
      assert.equal(people.code, source.exit);
      assert.ok(
        people.stderr.includes(path.split("/").at(-1) ?? "") && !people.stderr.includes("    at "),
        people.stderr,
      );
    });
  }

  it("left nothing of all that on any node", async () => {
    await eventually("refused sources to be swept", async () => {
      const objects = await Promise.all(cluster.state.nodes.map((node) => storedObjects(node.dataDir)));
      return objects.flat().length === 0 && (await strayFiles(cluster)).length === 0 ? true : undefined;
    });
    const { items } = await cluster.json<{ items: AssetJson[] }>("assets", "list");
    assert.ok(items.every((asset) => asset.state === "failed" && asset.error !== null));
  });

  it("refuses a source that does not fit on any node", async () => {
    await using small = await Cluster.start({ nodes: 1, regions: "eu" });
    await reconfigure(small, "eu-1", "capacityBytes", "2000000");
    await eventually("the new capacity to be known", async () => {
      const node = await small.json<{ storage: { capacityBytes: number } }>("nodes", "show", "eu-1");
      return node.storage.capacityBytes === 2_000_000 ? true : undefined;
    });
    refused(await small.vsctl("ingest", clip, "--json"), "storage_full", 1);
    assert.deepEqual(await storedObjects(small.node("eu-1").dataDir), []);
  });

  it("says that no agent is up", async () => {
    await using lonely = await Cluster.start({ nodes: 1, regions: "eu" });
    await lonely.stopProgram("eu-1");
    await eventually("the node to be down", async () => {
      const node = await lonely.json<{ health: string }>("nodes", "show", "eu-1");
      return node.health === "down" ? true : undefined;
    });
    refused(await lonely.vsctl("ingest", clip, "--json"), "no_node_available", 1);
  });

  it("refuses a wrong token, an expired one and one of another cluster", async () => {
    const config = JSON.parse(await readFile(cluster.state.config, "utf8")) as { server: string; token: string };
    const asToken = async (token: string): Promise<Outcome> =>
      await runVsctl(["nodes", "list", "--json", "--server", config.server], { VSCTL_TOKEN: token });
    assert.equal((await asToken(config.token)).code, 0);
    const [mark, id, secret = "", hash] = config.token.split(".");
    const wrong = [mark, id, (secret.startsWith("A") ? "B" : "A") + secret.slice(1), hash].join(".");
    refused(await asToken(wrong), "token_invalid", 4);
    refused(await asToken([mark, id, secret, "0".repeat(64)].join(".")), "wrong_cluster", 4);
    refused(await asToken("hello"), "token_invalid", 4);
    const short = await cluster.json<{ secret: string }>(
      "tokens",
      "create",
      "--for",
      "user",
      "--role",
      "admin",
      "--expires",
      "1s",
    );
    await new Promise((wake) => setTimeout(wake, 1500));
    refused(await asToken(short.secret), "token_expired", 4);
  });

  it("refuses an agent with a used join token, and one of another cluster", async () => {
    const { secret } = await cluster.json<{ secret: string }>("tokens", "create", "--for", "node", "--name", "late");
    const config = JSON.parse(await readFile(cluster.state.config, "utf8")) as { server: string };
    const agent = async (dataDir: string, controlUrl: string): Promise<Outcome> => {
      const path = join(folder, `${dataDir}.yaml`);
      const lines = [
        `name: late`,
        `region: eu`,
        `dataDir: ${join(folder, dataDir)}`,
        `controlUrl: ${controlUrl}`,
        `joinToken: ${secret}`,
      ];
      await writeFile(path, [...lines, "playbackListen: 127.0.0.1:0", "peerListen: 127.0.0.1:0", ""].join("\n"));
      return await runProgram(process.execPath, [program("vstream-agent"), "join", "--config", path]);
    };
    assert.equal((await agent("late-1", config.server)).code, 0);
    const again = await agent("late-2", config.server);
    assert.equal(again.code, 4, again.stderr);
    assert.match(again.stderr, /token/);
    await using other = await Cluster.start({ nodes: 1, regions: "eu" });
    const otherConfig = JSON.parse(await readFile(other.state.config, "utf8")) as { server: string };
    const foreign = await agent("late-1", otherConfig.server);
    assert.equal(foreign.code, 4, foreign.stderr);
    assert.match(foreign.stderr, /another cluster/);
  });

  it("names a taken port, a missing and an old ffmpeg, and every problem of a configuration at once", async () => {
    await using taken = await takenPort();
    const control = join(folder, "control.yaml");
    await writeFile(
      control,
      `dataDir: ${join(folder, "control")}\nlisten: 127.0.0.1:${taken.port}\nagentListen: 127.0.0.1:0\nhttpListen: 127.0.0.1:0\n`,
    );
    const port = await runProgram(process.execPath, [program("vstream-control"), "--config", control]);
    assert.equal(port.code, 1, port.stderr);
    assert.match(port.stderr, new RegExp(`127\\.0\\.0\\.1:${taken.port}`));
    await writeFile(control, "listen: nowhere\nreplicas: -1\nsurprise: 1\n");
    const config = await runProgram(process.execPath, [program("vstream-control"), "--config", control]);
    assert.equal(config.code, 2);
    for (const key of ["dataDir", "listen", "replicas", "surprise"])
      assert.ok(config.stderr.includes(key), config.stderr);

    await using one = await Cluster.start({ nodes: 1, regions: "eu" });
    await one.stopProgram("eu-1");
    const path = join(one.folder, "nodes", "eu-1", "agent.yaml");
    const old = join(folder, "old-ffmpeg");
    await writeFile(old, "#!/bin/sh\necho 'ffmpeg version 3.4.2 Copyright (c) 2000-2018 the FFmpeg developers'\n");
    await chmod(old, 0o755);
    const text = (await readFile(path, "utf8")).replace(/^ffmpegPath:.*\n?/m, "");
    for (const [ffmpeg, pattern] of [
      [join(folder, "nowhere"), /not found.*install ffmpeg/is],
      [old, /3\.4\.2/],
    ] as const) {
      await writeFile(path, `${text}\nffmpegPath: ${ffmpeg}\n`);
      const started = await runProgram(process.execPath, [program("vstream-agent"), "--config", path]);
      assert.equal(started.code, 1, started.stderr);
      assert.match(started.stderr, pattern);
    }
  });

  it("refuses a damaged catalog and a second control plane on the same one", async () => {
    await using one = await Cluster.start({ nodes: 1, regions: "eu" });
    const config = join(one.folder, "control", "control.yaml");
    const second = await runProgram(process.execPath, [program("vstream-control"), "--config", config]);
    assert.equal(second.code, 6, second.stderr);
    await one.stopProgram("control");
    const names = await readdir(join(one.folder, "control"), { recursive: true });
    const catalog = names.find((name) => /catalog\.(db|sqlite)$/.test(name));
    assert.ok(catalog !== undefined, names.join(" "));
    await using file = await open(join(one.folder, "control", catalog), "r+");
    await file.write(Buffer.alloc(4096, 0x5a), 0, 4096, 4096);
    const damaged = await runProgram(process.execPath, [program("vstream-control"), "--config", config]);
    assert.equal(damaged.code, 1, damaged.stderr);
    assert.match(damaged.stderr, /catalog/);
  });

  it("answers a misspelt command with the one that was meant", async () => {
    const outcome = await runVsctl(["nodes", "lst"], {});
    assert.equal(outcome.code, 2);
    assert.match(outcome.stderr, /did you mean.*nodes list/is);
  });
});

function refused(outcome: Outcome, code: string, exit: number): void {
  assert.equal(outcome.code, exit, `${outcome.stdout}${outcome.stderr}`);
  const { error } = JSON.parse(outcome.stdout) as { error: { code: string; message: string; hint: string } };
  assert.equal(error.code, code);
  assert.ok(error.message.length > 10);
  assert.ok(error.hint.length > 0, `a hint for ${code}`);
}

async function cutClip(path: string): Promise<void> {
  await copyFile(clip, path);
  await truncate(path, Math.floor((await readFile(clip)).length * 0.6));
}

async function unknownCodec(path: string): Promise<void> {
  const bytes = await readFile(clip);
  const at = bytes.indexOf("avc1", bytes.indexOf("stsd"));
  bytes.write("zzzz", at, "latin1");
  await writeFile(path, bytes);
}

async function reconfigure(cluster: Cluster, name: string, key: string, value: string): Promise<void> {
  const path = join(cluster.folder, "nodes", name, "agent.yaml");
  const text = (await readFile(path, "utf8")).replace(new RegExp(`^${key}:.*\n?`, "m"), "");
  await cluster.stopProgram(name);
  await writeFile(path, `${text}\n${key}: ${value}\n`);
  await cluster.startProgram(name);
}

async function takenPort(): Promise<AsyncDisposable & { port: number }> {
  const server = createServer();
  await new Promise<void>((open_) => server.listen(0, "127.0.0.1", open_));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async [Symbol.asyncDispose]() {
      await new Promise((closed) => server.close(closed));
    },
  };
}
