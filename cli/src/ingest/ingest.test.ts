// `vsctl ingest` against a control plane and a node that are made for it: what it sends, resumes, and gives up.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, chmodSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CreateAssetRequest } from "@vstream/proto/admin.ts";
import { FakeControlPlane } from "../testing/fake-control-plane.ts";
import type { Answers } from "../testing/fake-control-plane.ts";
import { FakeNode } from "../testing/fake-node.ts";
import type { NodeFaults } from "../testing/fake-node.ts";
import { runVsctl } from "../testing/run-vsctl.ts";
import type { Ran, RunOptions } from "../testing/run-vsctl.ts";
import { sampleAsset, sampleNode } from "../testing/sample-messages.ts";

const assetId = sampleAsset().id;
const playback = { watch: ["http://n/watch/a"], hls: ["http://n/v/a/index.m3u8"], dash: [] };
const clip = randomBytes(300_000);
// More than one request, so that there is a middle.
const large = randomBytes(14 * 1024 * 1024);

interface Setting {
  readonly plane: FakeControlPlane;
  readonly node: FakeNode;
}

describe("vsctl ingest", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "vsctl-ingest-"));
  const config = join(folder, "vsctl.json");
  const open: AsyncDisposable[] = [];

  const arrange = async (answers: Answers = {}, faults: NodeFaults = {}): Promise<Setting> => {
    const node = await FakeNode.start(assetId, faults);
    const upload = { url: node.url, token: "ticket", expiresAt: 0, nodeId: "no1" };
    const plane = await FakeControlPlane.start({
      createAsset: () => ({ asset: sampleAsset({ state: "uploading" }), duplicate: false, upload }),
      renewUpload: () => ({ upload }),
      abandonUpload: () => ({}),
      getAsset: () => ({ asset: sampleAsset({ state: isWhole(node) ? "processing" : "uploading" }) }),
      getPlayback: () => ({ asset: sampleAsset(), playback }),
      watchAsset: () => [
        { asset: sampleAsset({ state: "processing", progress: 0.5, step: "encoding" }), resumeToken: "r1" },
        { asset: sampleAsset(), resumeToken: "r2" },
      ],
      ...answers,
    });
    open.push(plane, node);
    writeFileSync(config, JSON.stringify(plane.config));
    return { plane, node };
  };
  const ingest = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
    runVsctl(["ingest", ...args, "--json", "--config", config], { cwd: folder, ...options });
  const errorOf = (ran: Ran): { code: string; message: string; hint: string } =>
    (JSON.parse(ran.stdout) as { error: { code: string; message: string; hint: string } }).error;

  beforeEach(() => {
    writeFileSync(join(folder, "clip.mp4"), clip);
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("announces the file with every flag, sends all of it, waits, and prints where it plays", async () => {
    const { plane, node } = await arrange();
    const flags = ["--title", "T", "--ladder", "L", "--replicas", "3", "--regions", "eu,us", "--label", "a=b"];
    const more = [
      "--pin",
      "eu-1",
      "--pin",
      "us-1",
      "--label",
      "c=d=e",
      "--external-id",
      "X",
      "--priority",
      "5",
      "--wait",
      "ready",
    ];
    const ran = await ingest(["clip.mp4", ...flags, ...more]);
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    assert.deepEqual(plane.requests("createAsset"), [
      {
        title: "T",
        sourceName: "clip.mp4",
        sourceBytes: clip.length,
        sourceSha256: createHash("sha256").update(clip).digest("hex"),
        ladder: "L",
        replicas: 3,
        regions: ["eu", "us"],
        labels: { a: "b", c: "d=e" },
        externalId: "X",
        priority: 5,
        pinnedNodes: ["eu-1", "us-1"],
        sourceUrl: "",
        allowDamaged: false,
        keepSource: "",
        force: false,
        subtitles: [],
      } satisfies CreateAssetRequest,
    ]);
    assert.ok(node.bytes.equals(clip));
    const printed = JSON.parse(ran.stdout) as { asset: { state: string; duplicate: boolean }; playback: unknown };
    assert.deepEqual([printed.asset.state, printed.asset.duplicate], ["ready", false]);
    assert.deepEqual(printed.playback, { ...playback, dash: [] });
    assert.match(ran.stderr, /encoding/);
  });

  it("names the asset after the file when no title is given, and does not wait for none", async () => {
    const { plane } = await arrange();
    const ran = await ingest(["clip.mp4", "--wait", "none"]);
    assert.equal(ran.exitCode, 0);
    assert.partialDeepStrictEqual(plane.requests("createAsset"), [{ title: "clip" }]);
    assert.deepEqual(plane.requests("watchAsset"), []);
  });

  it("sends nothing of what is there already", async () => {
    const { node } = await arrange({
      createAsset: () => ({ asset: sampleAsset(), duplicate: true, upload: undefined }),
    });
    const ran = await ingest(["clip.mp4"]);
    assert.equal(ran.exitCode, 0);
    assert.equal((JSON.parse(ran.stdout) as { asset: { duplicate: boolean } }).asset.duplicate, true);
    assert.equal(node.received, 0);
  });

  it("stops sending what was cancelled meanwhile, and says so", async () => {
    writeFileSync(join(folder, "clip.mp4"), large);
    const error = {
      code: "cancelled",
      message: "it was cancelled by user:ann",
      hint: "Ingest it again",
      retryable: false,
    };
    const { node } = await arrange(
      { getAsset: () => ({ asset: sampleAsset({ state: "failed", error }) }) },
      { holdAfterBytes: 9 * 1024 * 1024 },
    );
    const ran = await ingest(["clip.mp4"]);
    assert.equal(ran.exitCode, 1, ran.stdout);
    assert.equal(errorOf(ran).code, "cancelled");
    assert.match(errorOf(ran).message, /cancelled by user:ann/);
    assert.ok(node.received < large.length);
  });

  it("goes on where a broken connection left off", async () => {
    writeFileSync(join(folder, "clip.mp4"), large);
    const { node } = await arrange({}, { breakAfterBytes: 10 * 1024 * 1024 });
    const ran = await ingest(["clip.mp4"]);
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.ok(node.bytes.equals(large));
    assert.ok(node.received < large.length * 1.2, `${node.received} bytes were sent for ${large.length}`);
  });

  it("is resumed by the same command after Ctrl-C, without sending again what arrived", async () => {
    writeFileSync(join(folder, "clip.mp4"), large);
    const { node } = await arrange({}, { holdAfterBytes: 9 * 1024 * 1024 });
    let interrupt: (() => void) | undefined;
    node.faults.onBytes = (bytes) => {
      if (bytes >= 9 * 1024 * 1024) interrupt?.();
    };
    const first = await ingest(["clip.mp4"], { onStderr: (_text, send) => (interrupt = send) });
    assert.equal(first.exitCode, 130, first.stderr);
    assert.equal(errorOf(first).code, "interrupted");
    assert.match(errorOf(first).hint, /same command again/);
    delete node.faults.onBytes;
    delete node.faults.holdAfterBytes;
    const had = node.bytes.length;
    assert.ok(had > 0 && had < large.length, `${had} bytes had arrived`);
    const before = node.received;
    const second = await ingest(["clip.mp4"]);
    assert.equal(second.exitCode, 0, second.stderr);
    assert.equal(node.received - before, large.length - had);
    assert.ok(node.bytes.equals(large));
  });

  it("says after the upload that the asset goes on by itself when it is interrupted", async () => {
    const { plane } = await arrange({ watchAsset: () => [encoding] });
    plane.holdStreams = true;
    const ran = await ingest(["clip.mp4"], {
      onStderr: (text, interrupt) => {
        if (text.includes("encoding")) interrupt();
      },
    });
    assert.equal(ran.exitCode, 130, ran.stderr);
    assert.match(errorOf(ran).message, /goes on by itself/);
  });

  it("renews a ticket that is refused", async () => {
    const { plane } = await arrange({}, { status: { code: 401, times: 2 } });
    const ran = await ingest(["clip.mp4"]);
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.deepEqual(plane.requests("renewUpload"), [{ assetId, nodeFailed: false }]);
  });

  it("gives the upload up when the node is full", async () => {
    const { plane } = await arrange({}, { status: { code: 507, times: 100 } });
    const ran = await ingest(["clip.mp4"]);
    assert.equal(ran.exitCode, 1);
    assert.equal(errorOf(ran).code, "storage_full");
    assert.partialDeepStrictEqual(plane.requests("abandonUpload"), [{ assetId, reason: { code: "storage_full" } }]);
  });

  it("moves to another node when the first one stays silent", async () => {
    const { node } = await arrange();
    const dead = { url: "http://127.0.0.1:1/uploads", token: "t", expiresAt: 0, nodeId: "no-dead" };
    const upload = { url: node.url, token: "ticket", expiresAt: 0, nodeId: "no-alive" };
    const { plane } = await arrange({
      createAsset: () => ({ asset: sampleAsset({ state: "uploading" }), duplicate: false, upload: dead }),
      renewUpload: () => ({ upload }),
      getAsset: () => ({ asset: sampleAsset({ state: isWhole(node) ? "processing" : "uploading" }) }),
    });
    const ran = await ingest(["clip.mp4"]);
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.deepEqual(plane.requests("renewUpload"), [{ assetId, nodeFailed: true }]);
    assert.ok(node.bytes.equals(clip));
    assert.match(ran.stderr, /no-dead does not answer; uploading to no-alive/);
  });

  it("sends the source again when its only node goes down before there is a second copy", async () => {
    const first = await FakeNode.start(assetId, {});
    const { node } = await arrange();
    open.push(first);
    const lost = { url: first.url, token: "ticket", expiresAt: 0, nodeId: "no-lost" };
    const upload = { url: node.url, token: "ticket", expiresAt: 0, nodeId: "no-alive" };
    const { plane } = await arrange({
      createAsset: () => ({ asset: sampleAsset({ state: "uploading" }), duplicate: false, upload: lost }),
      renewUpload: () => ({ upload }),
      getAsset: () => ({ asset: sampleAsset({ state: isWhole(node) ? "processing" : "uploading" }) }),
      getNode: () => ({ node: sampleNode({ id: "no-lost", health: "down" }) }),
    });
    const ran = await ingest(["clip.mp4"]);
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.ok(first.bytes.equals(clip) && node.bytes.equals(clip));
    assert.deepEqual(plane.requests("renewUpload"), [{ assetId, nodeFailed: true }]);
    assert.match(ran.stderr, /no-lost went down with the source; uploading to no-alive again/);
  });

  for (const [how, change] of [
    [
      "changes",
      (path: string) => {
        appendFileSync(path, "more");
      },
    ],
    [
      "vanishes",
      (path: string) => {
        unlinkSync(path);
      },
    ],
  ] as const) {
    it(`gives the upload up when the file ${how} meanwhile`, async () => {
      const path = join(folder, "clip.mp4");
      writeFileSync(path, large);
      let changed = false;
      const onBytes = (): void => {
        if (!changed) change(path);
        changed = true;
      };
      const { plane } = await arrange({}, { onBytes });
      const ran = await ingest(["clip.mp4"]);
      assert.equal(ran.exitCode, 7, ran.stderr);
      assert.equal(errorOf(ran).code, "source_changed");
      assert.partialDeepStrictEqual(plane.requests("abandonUpload"), [{ reason: { code: "source_changed" } }]);
    });
  }

  it("ends with a failed asset's own error", async () => {
    const error = { code: "not_media", message: "no streams", hint: "", retryable: false };
    await arrange({ watchAsset: () => [{ asset: sampleAsset({ state: "failed", error }), resumeToken: "r" }] });
    const ran = await ingest(["clip.mp4"]);
    assert.equal(ran.exitCode, 7);
    assert.equal(errorOf(ran).code, "not_media");
    assert.match(errorOf(ran).hint, /vsctl tasks list --asset/);
  });

  it("takes several sources, and says of each what became of it", async () => {
    await arrange();
    writeFileSync(join(folder, "empty.mp4"), "");
    const ran = await ingest(["missing.mp4", "clip.mp4", "empty.mp4"]);
    assert.equal(ran.exitCode, 1);
    const printed = JSON.parse(ran.stdout) as { source?: string; error?: { code: string }; asset?: { id: string } }[];
    assert.deepEqual(
      printed.map((one) => one.error?.code ?? one.asset?.id),
      ["source_not_found", assetId, "source_empty"],
    );
    assert.equal(printed[0]?.source, "missing.mp4");
  });

  it("refuses what is no file that can be read", async () => {
    await arrange();
    writeFileSync(join(folder, "empty.mp4"), "");
    const expected = [
      ["missing.mp4", "source_not_found", 3],
      [folder, "source_is_directory", 7],
      ["empty.mp4", "source_empty", 7],
      ["/dev/null", "source_unreadable", 7],
    ] as const;
    for (const [source, code, exitCode] of expected) {
      const ran = await ingest([source]);
      assert.deepEqual([errorOf(ran).code, ran.exitCode], [code, exitCode]);
    }
  });

  it("refuses a file that it may not read", async function () {
    // The superuser may read everything.
    if (process.getuid?.() === 0) this.skip();
    await arrange();
    chmodSync(join(folder, "clip.mp4"), 0);
    const ran = await ingest(["clip.mp4"]);
    assert.deepEqual([errorOf(ran).code, ran.exitCode], ["source_unreadable", 7]);
  });
});

function isWhole({ bytes }: FakeNode): boolean {
  return bytes.length === clip.length || bytes.length === large.length;
}

const encoding = { asset: sampleAsset({ state: "processing", step: "encoding" }), resumeToken: "r1" };
