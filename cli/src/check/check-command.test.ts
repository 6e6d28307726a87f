// What people and programs see of `vsctl assets check`.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSampleStream } from "@vstream/authoring/testing/sample-stream.fixture.ts";
import type { SampleFiles } from "@vstream/authoring/testing/sample-stream.fixture.ts";
import { VsError } from "@vstream/core/errors.ts";
import { FakeControlPlane } from "../testing/fake-control-plane.ts";
import type { Answers } from "../testing/fake-control-plane.ts";
import { runVsctl } from "../testing/run-vsctl.ts";
import type { Ran } from "../testing/run-vsctl.ts";
import { sampleAsset, sampleNode } from "../testing/sample-messages.ts";
import { SampleServer, served } from "./sample-server.fixture.ts";
import type { ServedStream } from "./sample-server.fixture.ts";

describe("vsctl assets check", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "vsctl-check-"));
  const config = join(folder, "vsctl.json");
  const asset = sampleAsset().id;
  let files: SampleFiles;
  before(async () => {
    files = await makeSampleStream();
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const ask = async (answers: Answers, ...args: string[]): Promise<Ran> => {
    await using plane = await FakeControlPlane.start(answers);
    writeFileSync(config, JSON.stringify(plane.config), { mode: 0o600 });
    return await runVsctl(["assets", "check", ...args, "--config", config]);
  };
  const check = async (stream: ServedStream, ...args: string[]): Promise<Ran> => {
    await using server = await SampleServer.start(stream);
    const node = sampleNode({ playbackUrl: server.origin });
    const elsewhere = "http://127.0.0.1:1/v/as/index.m3u8";
    const hls = args.includes("--node") ? [elsewhere, server.url("index.m3u8")] : [server.url("index.m3u8")];
    const answers: Answers = {
      getPlayback: () => ({ asset: sampleAsset(), playback: { watch: [], hls, dash: [] } }),
      listNodes: () => ({ items: [node], nextCursor: "" }),
      getNode: () => ({ node }),
    };
    return await ask(answers, asset, ...args);
  };

  it("ends with 0 where no rule is broken, and says what it read", async () => {
    const ran = await check(served(files));
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.match(ran.stdout, /^No rule that must hold is broken \(15 playlists, 20 segments, .* MB\)\n$/);
  });

  it("ends with 1 where a rule is broken, and names the rule, how often, and the first places", async () => {
    const stream = served(files);
    stream.files.delete("de-1.m4s");
    const ran = await check(stream);
    assert.equal(ran.exitCode, 1, ran.stderr);
    assert.match(
      ran.stdout,
      /^broken {3}Readable, 2 times: What a playlist names is there[^]*\n {9}http.*de-1.m4s: it answers 404\n/,
    );
    assert.match(ran.stdout, /\nRules that must hold are broken \(/);
  });

  it("warns of rules that should hold, and ends with 0", async () => {
    const stream = served(files);
    stream.vary = false;
    const ran = await check(stream);
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.match(ran.stdout, /^warning {2}RFC 9110 12\.5\.5, 15 times: .*\n( {9}http.*\n){3} {9}and 12 more\n/);
  });

  it("gives one document with --json, of the node and to the depth that were asked for", async () => {
    const stream = served(files);
    stream.gzip = false;
    const ran = await check(stream, "--json", "--quick", "--node", "eu-1", "--timeout", "5m");
    assert.equal(ran.exitCode, 1, ran.stderr);
    const printed = JSON.parse(ran.stdout) as { findings: { where: string }[]; checked: object };
    assert.partialDeepStrictEqual(printed, { asset, ok: false, checked: { playlists: 15, segments: 0 } });
    assert.partialDeepStrictEqual(printed.findings[0], {
      rule: "Apple 10.1",
      level: "must",
      message: "its content encoding is none",
    });
    assert.match(printed.findings[0]?.where ?? "", /index\.m3u8$/);
  });

  it("decodes with --decode, and only where media are read", async () => {
    const stream = served(files);
    const bytes = Buffer.from(stream.files.get("v144-0.m4s") ?? assert.fail());
    bytes.fill(0x5a, bytes.indexOf("mdat") + 2_000, bytes.indexOf("mdat") + 4_000);
    stream.files.set("v144-0.m4s", bytes);
    assert.equal((await check(stream)).exitCode, 0);
    const ran = await check(stream, "--decode");
    assert.equal(ran.exitCode, 1, ran.stderr);
    assert.match(ran.stdout, /^broken {3}Decodable, 2 times: /);
    assert.equal((await check(stream, "--decode", "--quick")).exitCode, 2);
  });

  it("cannot be steered by what a stream says", async () => {
    const stream = served(files);
    const index = stream.files.get("index.m3u8")?.toString() ?? "";
    stream.files.set("index.m3u8", Buffer.from(index.replaceAll("Deutsch", "\u001b]0;x\u0007")));
    const ran = await check(stream, "--quick");
    assert.ok(!ran.stdout.includes("\u001b]"), ran.stdout);
    assert.equal(ran.exitCode, 1);
  });

  it("ends with 3 where there is no such asset or node", async () => {
    const none = (): never => {
      throw new VsError("asset_not_found", "there is no such asset");
    };
    assert.equal((await ask({ getPlayback: none }, asset)).exitCode, 3);
    assert.equal((await ask({}, "nonsense")).exitCode, 3);
  });

  it("says that there is nothing to check yet", async () => {
    const playback = { watch: [], hls: [], dash: [] };
    const getPlayback = () => ({ asset: sampleAsset({ state: "uploading" }), playback });
    const ran = await ask({ getPlayback, listNodes: () => ({ items: [], nextCursor: "" }) }, asset);
    assert.equal(ran.exitCode, 6);
    assert.match(ran.stderr, /is uploading: no node serves it yet/);
  });

  it("gives up when its time is over", async () => {
    const stream = served(files);
    stream.answer = (path) => path === "index.m3u8";
    const ran = await check(stream, "--timeout", "1s");
    assert.equal(ran.exitCode, 5);
    assert.match(ran.stderr, /was not done after 1s/);
  });
});
