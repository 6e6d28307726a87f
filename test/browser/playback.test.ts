// A person watches: the clip plays by hls.js in Chromium, seeks, and goes on when the serving agent is killed.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { Cluster, clip, eventually } from "../cluster/cluster.ts";
import type { IngestJson } from "../cluster/cluster.ts";

const chromiumFlags = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"],
];

/** What the page shows of itself; see player/src. */
interface PlayerState {
  readonly time: number;
  readonly paused: boolean;
  readonly engine: string;
  readonly home: string;
  readonly frames: number;
  readonly native: boolean;
}

describe("the player page in Chromium", function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let browser: Browser;
  let ingested: IngestJson;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-browser-"));
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: chromiumFlags });
    cluster = await Cluster.start();
    ingested = await cluster.json<IngestJson>("ingest", clip, "--title", "Big Buck Bunny");
  });

  after(async () => {
    await browser.close();
    await cluster[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it("plays by hls.js, seeks, switches, and outlives the agent that serves it", async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(ingested.playback.watch[0] ?? "");
    await play(page);
    const started = await playsBeyond(page, 1);
    assert.equal(started.engine, "hls.js");
    assert.equal(started.native, false, "the video element has no playlist of its own: hls.js feeds it");
    assert.ok(started.frames > 10, `${started.frames} frames decoded`);
    await assertPicture(page, join(folder, "playing.png"));

    await seek(page, 20);
    await playsBeyond(page, 20.5);
    await chooseRung(page, 0);
    await seek(page, 2);
    await playsBeyond(page, 3);

    const serving = cluster.state.nodes.find((node) => started.home.startsWith(node.playbackUrl));
    assert.ok(serving !== undefined, `the page names its home: ${started.home}`);
    const stalls = watchStalls(page);
    cluster.kill(serving.name);
    const after = await playsBeyond(page, 12);
    const longest = await stalls.longest();
    assert.ok(longest <= 1, `stood still for ${longest.toFixed(2)} s`);
    assert.notEqual(after.home, started.home);

    // Beyond anything that was buffered when the home died.
    await seek(page, 26);
    await playsBeyond(page, 27);
    await assertPicture(page, join(folder, "after.png"));
  });
});

async function state(page: Page): Promise<PlayerState> {
  return await page.evaluate(() => {
    const video = document.querySelector("video");
    const { vstream } = globalThis as unknown as { vstream?: { engine: string; home(): string } };
    return {
      time: video?.currentTime ?? 0,
      paused: video?.paused ?? true,
      engine: vstream?.engine ?? "",
      home: vstream?.home() ?? "",
      frames: video?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
      native: (video?.currentSrc ?? "").endsWith(".m3u8"),
    };
  });
}

async function play(page: Page): Promise<void> {
  await page.waitForSelector("video");
  await page.evaluate(async () => {
    const video = document.querySelector("video");
    if (video === null) throw new Error("no video");
    video.muted = true;
    await video.play();
  });
}

async function seek(page: Page, seconds: number): Promise<void> {
  await page.evaluate((to) => {
    const video = document.querySelector("video");
    if (video !== null) video.currentTime = to;
  }, seconds);
}

async function chooseRung(page: Page, level: number): Promise<void> {
  await page.evaluate((index) => {
    const { vstream } = globalThis as unknown as { vstream: { hls: { nextLevel: number } } };
    vstream.hls.nextLevel = index;
  }, level);
}

async function playsBeyond(page: Page, seconds: number): Promise<PlayerState> {
  return await eventually(
    `playback beyond ${seconds} s`,
    async () => {
      const now = await state(page);
      return now.time > seconds && !now.paused ? now : undefined;
    },
    30_000,
  );
}

/** Longest time that the picture stood still, seconds, sampled at every animation frame. */
function watchStalls(page: Page): { longest(): Promise<number> } {
  const started = page.evaluate(() => {
    const video = document.querySelector("video");
    const watch = { longest: 0, lastTime: video?.currentTime ?? 0, movedAt: performance.now() };
    Object.assign(globalThis, { stallWatch: watch });
    const sample = (): void => {
      const now = performance.now();
      const time = video?.currentTime ?? 0;
      watch.longest = Math.max(watch.longest, now - watch.movedAt);
      if (time !== watch.lastTime) watch.movedAt = now;
      watch.lastTime = time;
      requestAnimationFrame(sample);
    };
    sample();
  });
  return {
    async longest() {
      await started;
      return await page.evaluate(
        () => (globalThis as unknown as { stallWatch: { longest: number } }).stallWatch.longest / 1000,
      );
    },
  };
}

/** The picture on the page is a picture: many colours, not one surface. */
async function assertPicture(page: Page, path: string): Promise<void> {
  await page.screenshot({
    path:
      process.env["VSTREAM_SCREENSHOTS"] === undefined
        ? path
        : join(process.env["VSTREAM_SCREENSHOTS"], path.split("/").at(-1) ?? ""),
  });
  const colours = await page.evaluate(() => {
    const video = document.querySelector("video");
    const canvas = document.createElement("canvas");
    canvas.width = 64;
    canvas.height = 36;
    const context = canvas.getContext("2d");
    if (video === null || context === null) return 0;
    context.drawImage(video, 0, 0, 64, 36);
    const { data } = context.getImageData(0, 0, 64, 36);
    const seen = new Set<number>();
    for (let at = 0; at < data.length; at += 4)
      seen.add(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0));
    return seen.size;
  });
  assert.ok(colours > 200, `${colours} colours`);
}
