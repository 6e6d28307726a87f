// An ingest of a large file that is killed in the middle, or whose node is: only the rest is sent afterwards.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster, eventually } from "../cluster/cluster.ts";
import type { AssetJson, IngestJson } from "../cluster/cluster.ts";
import { CountingProxy } from "../cluster/counting-proxy.ts";
import { makeLargeFilm } from "../cluster/large-film.ts";
import { builtProgram } from "../cluster/repository.ts";

const mebibyte = 1024 ** 2;
const sourceBytes = 240 * mebibyte;
const killedAt = 100 * mebibyte;
/** What may be sent twice: what was under way in buffers when something was killed, and every request's head. */
const slackBytes = 10 * mebibyte;

describe("an ingest of a large file", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-resume-"));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const runs: AsyncDisposableStack[] = [];
  afterEach(async () => {
    for (const run of runs.splice(0)) await run.disposeAsync();
  });

  const arrange = async (name: string): Promise<{ cluster: Cluster; proxy: CountingProxy; source: string }> => {
    const stack = new AsyncDisposableStack();
    runs.push(stack);
    const source = await makeLargeFilm(join(folder, name), sourceBytes);
    const cluster = stack.use(await Cluster.start({ nodes: 1, regions: "eu" }));
    const proxy = stack.use(await CountingProxy.start(cluster.node("eu-1").playbackUrl, 60 * mebibyte));
    await cluster.configureNode("eu-1", { playbackUrl: proxy.url });
    await eventually("the control plane to know the way", async () => {
      const node = await cluster.json<{ playbackUrl: string; health: string }>("nodes", "show", "eu-1");
      return node.playbackUrl === proxy.url && node.health === "up" ? true : undefined;
    });
    return { cluster, proxy, source };
  };

  it("that was killed sends only the rest when the same command runs again", async () => {
    const { cluster, proxy, source } = await arrange("killed.mp4");
    await using first = ingest(cluster, source);
    await eventually("a good part to be sent", () => (proxy.received > killedAt ? true : undefined));
    first.child.kill("SIGKILL");
    await first.ended;
    const sentBefore = proxy.received;
    assert.ok(sentBefore < sourceBytes, "it was killed in the middle");

    const { asset } = await cluster.json<IngestJson>("ingest", source);
    assert.equal(asset.state, "ready");
    assert.equal(asset.duplicate, false);
    const sentAfter = proxy.received - sentBefore;
    assert.ok(sentAfter < sourceBytes - killedAt + slackBytes, `${sentAfter} bytes were sent by the second run`);
    assert.ok(proxy.received < sourceBytes + slackBytes, `${proxy.received} bytes for ${sourceBytes}`);
    const { items } = await cluster.json<{ items: AssetJson[] }>("assets", "list");
    assert.deepEqual(
      items.map(({ id }) => id),
      [asset.id],
    );
  });

  it("goes on by itself, with the rest, when the node was killed and is back", async () => {
    const { cluster, proxy, source } = await arrange("node-killed.mp4");
    await using run = ingest(cluster, source);
    await eventually("a good part to be sent", () => (proxy.received > killedAt ? true : undefined));
    cluster.kill("eu-1");
    await cluster.startProgram("eu-1");
    const { code, stdout } = await run.ended;
    assert.equal(code, 0, stdout);
    assert.equal((JSON.parse(stdout) as IngestJson).asset.state, "ready");
    assert.ok(proxy.received < sourceBytes + slackBytes, `${proxy.received} bytes for ${sourceBytes}`);
  });
});

interface Run extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: string }>;
}

function ingest(cluster: Cluster, source: string): Run {
  const env = { ...process.env, VSCTL_CONFIG: cluster.state.config, VSCTL_SERVER: "", VSCTL_TOKEN: "" };
  const args = [builtProgram("vsctl"), "ingest", source, "--json"];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "ignore"] });
  let stdout = "";
  child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stdout }));
  return {
    child,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
