// A cluster that counts as slow: what is ingested can be watched in its lowest rung first, and in all of them then,
// by whoever began with the one.
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import type {} from "../../player/src/page-window.ts";
import { Cluster, clip } from "../cluster/cluster.ts";
import type { AssetJson, IngestJson } from "../cluster/cluster.ts";
import { launchChromium, playsPast } from "./chromium.ts";

interface ShownJson extends AssetJson {
  readonly edition: number;
  readonly nextLadder: string | null;
}

describe("an ingest on a slow cluster that is watched", function () {
  this.timeout(240_000);
  let cluster: Cluster;
  let browser: Browser;
  before(async () => {
    cluster = await Cluster.start({ nodes: 2, controlConfig: { lowestFirstBelow: 1000 } });
    browser = await launchChromium();
  });
  after(async () => {
    await browser.close();
    await cluster[Symbol.asyncDispose]();
  });

  const show = (id: string): Promise<ShownJson> => cluster.json<ShownJson>("assets", "show", id);
  const namesOf = ({ renditions }: AssetJson): string[] => renditions.map(({ name }) => name);

  it("plays in its lowest rung, then in all, and is ready only then", async () => {
    // By it the nodes are measured.
    const first = await cluster.json<IngestJson>("ingest", clip, "--wait", "ready");
    const all = namesOf(await show(first.asset.id));
    assert.ok(all.length > 1, all.join());
    const { asset, playback } = await cluster.json<IngestJson>("ingest", clip, "--force", "--wait", "playable");
    const begun = await show(asset.id);
    assert.deepEqual([begun.state, begun.edition, begun.nextLadder], ["playable", 0, "default"]);
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(120_000);
    await page.goto(playback.watch[0] ?? "");
    const loadedAt = await page.evaluate(() => {
      const video = document.querySelector("video")!;
      video.muted = true;
      // Slow, so that it has not ended when the others come, however long that takes.
      video.defaultPlaybackRate = video.playbackRate = 0.25;
      void video.play().catch(() => undefined);
      return performance.timeOrigin;
    });
    await playsPast(page, 1);
    assert.equal(await page.evaluate(() => window.vstream.hls!.levels.length), 1);
    await page.waitForFunction((levels) => window.vstream.hls!.levels.length === levels, all.length);
    const turnedAt = await page.evaluate(() => document.querySelector("video")!.currentTime);
    assert.ok(turnedAt > 1, `it began again: ${turnedAt}`);
    await page.evaluate(() => (document.querySelector("video")!.playbackRate = 1));
    await page.waitForFunction((from) => {
      const video = document.querySelector("video")!;
      return video.ended || video.currentTime > from + 3;
    }, turnedAt);
    const { stalls, origin } = await page.evaluate(() => {
      return { stalls: window.vstream.stalls, origin: performance.timeOrigin };
    });
    assert.equal(origin, loadedAt);
    assert.ok(
      stalls.every(({ durationMs }) => durationMs < 2_000),
      JSON.stringify(stalls),
    );
    await cluster.json("assets", "wait", asset.id, "--timeout", "2m");
    const ready = await show(asset.id);
    assert.deepEqual([ready.state, ready.edition, ready.nextLadder, namesOf(ready)], ["ready", 1, null, all]);
  });
});
