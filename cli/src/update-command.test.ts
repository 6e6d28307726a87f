// `vsctl assets update` and `cancel`: what is sent of what is typed, and what is said.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UpdateAssetRequest } from "@vstream/proto/admin.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { runVsctl } from "./testing/run-vsctl.ts";
import type { Ran } from "./testing/run-vsctl.ts";
import { sampleAsset } from "./testing/sample-messages.ts";

describe("vsctl assets update and cancel", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "vsctl-update-"));
  const config = join(folder, "vsctl.json");
  const { id } = sampleAsset();
  let cancelled = sampleAsset({ state: "failed" });
  let plane: FakeControlPlane;

  before(async () => {
    plane = await FakeControlPlane.start({
      updateAsset: () => ({ asset: sampleAsset() }),
      cancelAsset: () => ({ asset: cancelled }),
    });
    writeFileSync(config, JSON.stringify(plane.config), { mode: 0o600 });
  });
  beforeEach(() => {
    plane.asked.length = 0;
  });
  after(async () => {
    await plane[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const vsctl = async (...args: readonly string[]): Promise<Ran> =>
    await runVsctl(["assets", ...args, "--config", config], { cwd: folder });

  it("sends what was named, and nothing else", async () => {
    const ran = await vsctl("update", id, "--title", "Another");
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.match(ran.stdout, new RegExp(`^asset ${id} .* is changed\n$`));
    assert.equal(ran.stderr, "");
    const nothing = { replicas: undefined, regions: undefined, pinnedNodes: undefined, keepSource: undefined };
    const request: UpdateAssetRequest = {
      id,
      title: "Another",
      setLabels: {},
      removeLabels: [],
      addSubtitles: [],
      ...nothing,
    };
    assert.deepEqual(plane.requests("updateAsset"), [request]);
  });

  it("sends files of subtitles whole, and says that their tracks follow", async () => {
    const text = "WEBVTT\n\n00:01.000 --> 00:02.000\nHallo\n";
    writeFileSync(join(folder, "words.vtt"), text);
    const ran = await vsctl("update", id, "--subtitle", "de=words.vtt");
    assert.equal(ran.exitCode, 0, ran.stderr);
    const [{ addSubtitles }] = plane.requests("updateAsset") as [UpdateAssetRequest];
    assert.deepEqual(
      addSubtitles.map(({ name, language, content }) => [name, language, Buffer.from(content).toString()]),
      [["words.vtt", "de", text]],
    );
    assert.match(ran.stderr, /done by itself: vsctl assets show/);
  });

  it("asks for nothing when nothing, or something impossible, is named", async () => {
    for (const flags of [
      [],
      ["--label", "broken"],
      ["--label", "a=b", "--unlabel", "a"],
      ["--subtitle", "de=nowhere.vtt"],
      ["--replicas", "0"],
      ["--regions", "eu", "--any-region"],
      ["--pin", "eu-1", "--no-pin"],
      ["--keep-source", "perhaps"],
    ]) {
      const ran = await vsctl("update", id, ...flags);
      assert.equal(ran.exitCode, 2, flags.join(" "));
      assert.match(ran.stderr, /\(usage\)\nHint: /, flags.join(" "));
    }
    assert.deepEqual(plane.asked, []);
  });

  it("says what became of what was cancelled", async () => {
    assert.match((await vsctl("cancel", id)).stdout, /is cancelled; what was made of it goes/);
    cancelled = sampleAsset();
    assert.match((await vsctl("cancel", id)).stdout, /is not encoded anew, and plays on/);
  });
});
