// A person watches an ingest from its first second: the player starts while encoding runs, and comes to the end.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { Cluster, clip, runProgram } from "../cluster/cluster.ts";
import type { AssetJson, IngestJson } from "../cluster/cluster.ts";
import { launchChromium, playsPast } from "./chromium.ts";

/** Of the clip, twice. */
const sourceSeconds = 60;

describe("an ingest that is watched", function () {
  this.timeout(240_000);
  let folder: string;
  let cluster: Cluster;
  let browser: Browser;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-growing-"));
    cluster = await Cluster.start();
    browser = await launchChromium();
  });
  after(async () => {
    await browser.close();
    await cluster[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  it("plays from its start while it is encoded, and to its end", async () => {
    const source = join(folder, "long.mp4");
    const made = await runProgram("ffmpeg", ["-v", "error", "-stream_loop", "1", "-i", clip, "-c", "copy", source]);
    assert.equal(made.code, 0, made.stderr);
    const { asset, playback } = await cluster.json<IngestJson>("ingest", source, "--wait", "playable");
    const stateNow = async (): Promise<string> => (await cluster.json<AssetJson>("assets", "show", asset.id)).state;
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(120_000);
    await page.goto(playback.watch[0] ?? "");
    await page.evaluate(() => {
      const video = document.querySelector("video")!;
      const seen = { firstTime: Number.NaN, ended: false };
      Object.assign(window, { seen });
      video.addEventListener("playing", () => (seen.firstTime = video.currentTime), { once: true });
      video.addEventListener("ended", () => (seen.ended = true));
      video.muted = true;
      video.autoplay = true;
      void video.play().catch(() => undefined);
    });
    await playsPast(page, 1);
    assert.equal(await stateNow(), "playable", "it plays while it is encoded");
    const firstTime = await page.evaluate(() => (window as unknown as Seen).seen.firstTime);
    assert.ok(firstTime < 0.5, `the first picture is that at ${firstTime} s`);
    const loadedAt = await page.evaluate(() => performance.timeOrigin);
    // Faster than a person: what is not there yet is waited for.
    await page.evaluate(() => (document.querySelector("video")!.playbackRate = 4));
    await page.waitForFunction(() => (window as unknown as Seen).seen.ended);
    const end = await page.evaluate(() => document.querySelector("video")!.currentTime);
    assert.ok(Math.abs(end - sourceSeconds) < 0.5, `it ended at ${end} s`);
    assert.equal(await page.evaluate(() => performance.timeOrigin), loadedAt, "without loading the page anew");
  });
});

interface Seen {
  readonly seen: { readonly firstTime: number; readonly ended: boolean };
}
