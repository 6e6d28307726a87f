// vsctl assets download, in a process of its own, against nodes that fail in many ways.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import type * as Wire from "@vstream/proto/admin.ts";
import { FakeControlPlane } from "../testing/fake-control-plane.ts";
import { runVsctl } from "../testing/run-vsctl.ts";
import type { Ran, RunOptions } from "../testing/run-vsctl.ts";
import { sampleAsset } from "../testing/sample-messages.ts";
import { SourceNode } from "../testing/source-node.ts";
import type { SourceFaults } from "../testing/source-node.ts";

const bytes = randomBytes(3_000_000);
const sha256 = createHash("sha256").update(bytes).digest("hex");
const asset = sampleAsset({ sourceSha256: sha256, sourceBytes: bytes.length, sourceName: "clip.mp4" });

describe("vsctl assets download", function () {
  this.timeout(60_000);
  let folder: string;
  let opened: AsyncDisposableStack;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vsctl-download-"));
    opened = new AsyncDisposableStack();
  });
  afterEach(async () => {
    await opened.disposeAsync();
    await rm(folder, { recursive: true });
  });

  const node = async (faults: SourceFaults = {}, source = { bytes, sha256 }): Promise<SourceNode> =>
    opened.use(await SourceNode.start(source, faults));

  const ticketFor = ({ url }: { url: string }, name: string): Wire.SourceTicket => {
    return { url, token: `for-${name}`, expiresAt: 0, nodeId: name };
  };

  async function download(
    nodes: readonly { url: string }[],
    args: readonly string[] = [],
    options: RunOptions & { answer?: () => Wire.DownloadSourceResponse } = {},
  ): Promise<Ran & { calls: number }> {
    const tickets = nodes.map((one, at) => ticketFor(one, `node-${at}`));
    const downloadSource = options.answer ?? (() => ({ asset, tickets }));
    await using plane = await FakeControlPlane.start({ downloadSource });
    const config = join(folder, "vsctl.json");
    await writeFile(config, JSON.stringify(plane.config), { mode: 0o600 });
    const ran = await runVsctl(["assets", "download", asset.id, "--config", config, ...args], {
      cwd: folder,
      ...options,
    });
    return { ...ran, calls: plane.asked.length };
  }

  const left = async (): Promise<string[]> => (await readdir(folder)).filter((name) => name !== "vsctl.json");
  const codeOf = ({ stdout }: Ran): string => (JSON.parse(stdout) as { error: { code: string } }).error.code;

  it("brings the source into the current folder under its own name, and says what it is", async () => {
    const one = await node();
    const ran = await download([one], ["--json"]);
    assert.equal(ran.exitCode, 0, ran.stderr);
    const path = join(folder, "clip.mp4");
    assert.deepEqual(JSON.parse(ran.stdout), { asset: asset.id, path, bytes: bytes.length, sha256 });
    assert.ok((await readFile(path)).equals(bytes));
    assert.deepEqual([await left(), one.asked, one.tokens], [["clip.mp4"], ["whole"], ["Bearer for-node-0"]]);
    assert.match(ran.stderr, /clip\.mp4: downloading/);
  });

  it("takes a file or a folder to write to, and never replaces what is there unless it is forced", async () => {
    const one = await node();
    await mkdir(join(folder, "sources"));
    for (const output of ["sources", "sources/", "other name.bin"]) {
      assert.equal((await download([one], ["-o", output, "--force"])).exitCode, 0, output);
    }
    assert.deepEqual(await readdir(join(folder, "sources")), ["clip.mp4"]);
    await writeFile(join(folder, "other name.bin"), "mine");
    const refused = await download([one], ["--output", "other name.bin", "--json"]);
    assert.deepEqual([refused.exitCode, codeOf(refused)], [6, "conflict"]);
    assert.equal(await readFile(join(folder, "other name.bin"), "utf8"), "mine");
    assert.equal((await download([one], ["--output", "other name.bin", "--force"])).exitCode, 0);
    assert.ok((await readFile(join(folder, "other name.bin"))).equals(bytes));
    const nowhere = await download([one], ["-o", "no/such/folder/x", "--json"]);
    assert.deepEqual([nowhere.exitCode, codeOf(nowhere)], [1, "disk_failed"]);
  });

  it("goes on at the next node where one breaks off, refuses, or gives something else", async () => {
    const nodes = [
      await node({ status: { code: 404, body: '{"error":{"code":"not_found","message":"not here"}}', times: 9 } }),
      await node({ etag: '"other"' }),
      await node({ breakAfterBytes: 1_000_000 }),
      await node(),
    ];
    const ran = await download(nodes);
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.ok((await readFile(join(folder, "clip.mp4"))).equals(bytes));
    const [range = ""] = nodes[3]?.asked ?? [];
    const from = Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
    assert.ok(from > 0 && from <= 1_000_000, range);
    assert.match(ran.stderr, /node-0 does not go on: not here\n.*node-1 does not go on: it gives something else/s);
    assert.equal(ran.calls, 1);
  });

  it("asks for new tickets when nobody takes these, and tries again", async () => {
    const one = await node({ status: { code: 401, times: 1 } });
    const ran = await download([one]);
    assert.deepEqual([ran.exitCode, ran.calls, one.asked], [0, 2, ["whole", "whole"]]);
  });

  it("goes on where an interrupted one ended", async () => {
    const slow = await node({ holdAfterBytes: 1_500_000 });
    const partOf = async (): Promise<number> => {
      const [name] = await left();
      return name === undefined ? 0 : (await stat(join(folder, name))).size;
    };
    const interruptWhenHeld = (_: string, interrupt: () => void): void => {
      const timer = setInterval(() => {
        void partOf().then((size) => {
          if (size < 1_500_000) return;
          clearInterval(timer);
          interrupt();
        });
      }, 50);
    };
    let started = false;
    const stopped = await download([slow], [], {
      onStderr: (text, interrupt) => {
        if (!started) interruptWhenHeld(text, interrupt);
        started = true;
      },
    });
    assert.equal(stopped.exitCode, 130, stopped.stderr);
    assert.match(stopped.stderr, /goes on where it was/);
    assert.match((await left()).join(), /^\.clip\.mp4\.[0-9a-f]{16}\.part$/);
    const one = await node();
    assert.equal((await download([one])).exitCode, 0);
    assert.deepEqual([one.asked, await left()], [["bytes=1500000-"], ["clip.mp4"]]);
    assert.ok((await readFile(join(folder, "clip.mp4"))).equals(bytes));
  });

  it("begins anew when what was left here is damaged, and keeps nothing that is wrong", async () => {
    await writeFile(join(folder, `.clip.mp4.${sha256.slice(0, 16)}.part`), randomBytes(10_000));
    const one = await node();
    const ran = await download([one]);
    assert.deepEqual([ran.exitCode, one.asked], [0, ["bytes=10000-", "whole"]]);
    assert.ok((await readFile(join(folder, "clip.mp4"))).equals(bytes));
    await rm(join(folder, "clip.mp4"));
    const wrong = await download([await node({}, { bytes: randomBytes(bytes.length), sha256 })], ["--json"]);
    assert.deepEqual([wrong.exitCode, codeOf(wrong)], [1, "object_corrupt"]);
    assert.deepEqual(await left(), []);
  });

  it("writes to standard output, also across nodes, and nothing else there", async () => {
    const nodes = [await node({ breakAfterBytes: 700_000 }), await node()];
    const config = join(folder, "vsctl.json");
    const tickets = nodes.map((one, at) => ticketFor(one, `node-${at}`));
    await using plane = await FakeControlPlane.start({ downloadSource: () => ({ asset, tickets }) });
    await writeFile(config, JSON.stringify(plane.config), { mode: 0o600 });
    const ran = await runVsctl(["assets", "download", asset.id, "--config", config, "-o", "-"], { binary: true });
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.ok(Buffer.from(ran.stdout, "latin1").equals(bytes));
    const both = await download(nodes, ["-o", "-", "--json"]);
    assert.deepEqual([both.exitCode, codeOf(both)], [2, "usage"]);
  });

  it("says that there is no source, and is not led out of the folder by its name", async () => {
    const answer = (): never => {
      throw new VsError("not_found", "the source was not kept");
    };
    const gone = await download([], ["--json"], { answer });
    assert.deepEqual([gone.exitCode, codeOf(gone)], [3, "not_found"]);
    const one = await node();
    const named = { ...asset, sourceName: "../../.evil\u001b[2J.mp4" };
    const ran = await download([one], [], { answer: () => ({ asset: named, tickets: [ticketFor(one, "n")] }) });
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.deepEqual(await left(), ["evil[2J.mp4"]);
  });
});
