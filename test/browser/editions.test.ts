// What the player does when an asset gets more rungs while it plays: it goes on at its position, with a choice.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { newId } from "@vstream/core/ids.ts";
import type { Manifest } from "@vstream/core/media.ts";
import { buildPlayer } from "../../player/build.ts";
import type {} from "../../player/src/page-window.ts";
import { launchChromium, playsPast, seek } from "./chromium.ts";
import { directoryOf, end, openNodeStore, startNode, tellNodes } from "./serving-nodes.ts";
import type { ServingNode } from "./serving-nodes.ts";
import { assetSeconds, encodeSmallAsset, fill, inTwoParts, newAssetId } from "./small-asset.ts";

describe("the player, when the other rungs of an asset come", function () {
  this.timeout(240_000);
  let folder: string;
  let browser: Browser;
  let node: ServingNode;
  const nodeId = newId("node", Date.now());
  const manifests: { lowest: Manifest; whole: Manifest }[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-editions-"));
    await encodeSmallAsset(join(folder, "encoded"));
    await buildPlayer({ outDir: join(folder, "player") });
    {
      await using store = await openNodeStore(folder, nodeId);
      for (let asset = 0; asset < 3; asset += 1) {
        const from = { folder: join(folder, "encoded"), homes: [nodeId], assetId: newAssetId() };
        const parts = inTwoParts(await fill(store, from));
        await store.keepManifest(parts.lowest);
        manifests.push(parts);
      }
    }
    browser = await launchChromium();
    node = await startNode({ folder, nodeId, name: "node-1" });
    await tellNodes([node], { directory: directoryOf([node]) });
  });
  after(async () => {
    await browser.close();
    await end(node.child);
    await rm(folder, { recursive: true, force: true });
  });

  async function open(asset: number): Promise<{ page: Page; whole: Manifest }> {
    const { whole } = manifests[asset]!;
    const page = await browser.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(`${node.url}/watch/${whole.assetId}`);
    await page.evaluate(() => {
      document.querySelector("video")!.muted = true;
    });
    return { page, whole };
  }

  const levels = (page: Page): Promise<number[]> =>
    page.evaluate(() => window.vstream.hls!.levels.map(({ height }) => height));
  const hasMore = async (page: Page): Promise<void> => {
    await page.waitForFunction(() => window.vstream.hls!.levels.length > 1);
  };

  it("goes on at its position, with its rate, and shows them, without standing still or loading the page anew", async () => {
    const { page, whole } = await open(0);
    await playsPast(page, 3);
    assert.deepEqual(await levels(page), [144]);
    await page.evaluate(() => {
      document.querySelector("video")!.playbackRate = 1.25;
      const seen = { longestMs: 0, jump: 0 };
      Object.assign(window, { seen });
      const video = document.querySelector("video")!;
      let [position, movedMs] = [video.currentTime, performance.now()];
      setInterval(() => {
        const nowMs = performance.now();
        seen.jump = Math.max(seen.jump, Math.abs(video.currentTime - position) - ((nowMs - movedMs) / 1000) * 1.25);
        if (video.currentTime !== position) [position, movedMs] = [video.currentTime, nowMs];
        else seen.longestMs = Math.max(seen.longestMs, nowMs - movedMs);
      }, 50);
    });
    const loadedAt = await page.evaluate(() => performance.timeOrigin);
    await tellNodes([node], { manifest: whole });
    await hasMore(page);
    const turnedAt = await page.evaluate(() => document.querySelector("video")!.currentTime);
    assert.ok(turnedAt > 3, `it went back to ${turnedAt} s`);
    assert.deepEqual((await levels(page)).toSorted(), [144, 240]);
    await page.waitForFunction(() => document.querySelector("video")!.videoHeight === 240);
    const shownAt = await page.evaluate(() => document.querySelector("video")!.currentTime);
    assert.ok(shownAt - turnedAt < 20, `the better picture came ${shownAt - turnedAt} s later`);
    await playsPast(page, shownAt + 8);
    const { longestMs, jump } = await page.evaluate(() => (window as unknown as Seen).seen);
    assert.ok(longestMs < 1_000, `it stood still for ${longestMs} ms`);
    assert.ok(jump < 1, `it jumped by ${jump} s`);
    const { rate, paused, stalls, origin, menu } = await page.evaluate(() => ({
      rate: document.querySelector("video")!.playbackRate,
      paused: document.querySelector("video")!.paused,
      stalls: window.vstream.stalls,
      origin: performance.timeOrigin,
      menu: [...document.querySelectorAll<HTMLOptionElement>("#quality option")].map(({ text }) => text),
    }));
    assert.deepEqual([rate, paused, stalls, origin], [1.25, false, [], loadedAt]);
    assert.equal(menu.length, 3, menu.join());
    // Also what was not buffered, and the rung before.
    await page.selectOption("#quality", { label: menu[2]! });
    await seek(page, 100);
    await playsPast(page, 101);
    await page.waitForFunction(() => document.querySelector("video")!.videoHeight === 144);
    await page.close();
  });

  it("stays paused where it was paused", async () => {
    const { page, whole } = await open(1);
    await playsPast(page, 2);
    await page.evaluate(() => {
      document.querySelector("video")!.pause();
    });
    await seek(page, 30);
    await tellNodes([node], { manifest: whole });
    await hasMore(page);
    await page.waitForTimeout(1_000);
    const found = await page.evaluate(() => {
      const { currentTime, paused } = document.querySelector("video")!;
      return { currentTime, paused };
    });
    assert.deepEqual(found, { currentTime: 30, paused: true });
    await page.evaluate(() => document.querySelector("video")!.play());
    await playsPast(page, 45);
    assert.equal(await page.evaluate(() => document.querySelector("video")!.videoHeight), 240);
    await page.close();
  });

  it("plays to the end also when it had everything of the first part", async () => {
    const { page, whole } = await open(2);
    await playsPast(page, 1);
    await page.evaluate(() => {
      document.querySelector("video")!.pause();
    });
    await seek(page, 100);
    await page.waitForFunction(() => {
      const { buffered, duration } = document.querySelector("video")!;
      return buffered.length > 0 && buffered.end(buffered.length - 1) > duration - 0.5;
    });
    await tellNodes([node], { manifest: whole });
    await hasMore(page);
    await page.evaluate(() => document.querySelector("video")!.play());
    await page.waitForFunction(() => document.querySelector("video")!.ended);
    const { time, stalls } = await page.evaluate(() => ({
      time: document.querySelector("video")!.currentTime,
      stalls: window.vstream.stalls,
    }));
    assert.ok(Math.abs(time - assetSeconds) < 0.5, `it ended at ${time} s`);
    assert.deepEqual(stalls, []);
    await page.close();
  });
});

interface Seen {
  readonly seen: { readonly longestMs: number; readonly jump: number };
}
