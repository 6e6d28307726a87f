// A film with rungs in HEVC and of high dynamic range, in a browser that can show neither: every player plays its H.264,
// and ours offers nothing else.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { Cluster } from "../cluster/cluster.ts";
import type { IngestJson } from "../cluster/cluster.ts";
import { makeHighRangeFilm, tinyModernLadder } from "../cluster/high-range-film.ts";
import { onePathway } from "../cluster/stream.ts";
import { launchChromium, playsPast } from "./chromium.ts";
import { countColours, openEngine, playOn } from "./engines.ts";
import type { EngineName } from "./engines.ts";

const plays: readonly (readonly [EngineName, "hls" | "dash"])[] = [
  ["hls.js", "hls"],
  ["shaka-player", "hls"],
  ["shaka-player", "dash"],
  ["dash.js", "dash"],
];

describe("a film with HEVC and high dynamic range in a browser without", function () {
  this.timeout(120_000);
  let folder: string;
  let cluster: Cluster;
  let browser: Browser;
  let playback: IngestJson["playback"];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-modern-"));
    await makeHighRangeFilm(join(folder, "film.mp4"), 8);
    cluster = await Cluster.start({ nodes: 2, regions: "eu,us", controlConfig: { ladders: tinyModernLadder } });
    const film = join(folder, "film.mp4");
    ({ playback } = await cluster.json<IngestJson>("ingest", film, "--ladder", "tiny"));
    browser = await launchChromium();
  });
  after(async () => {
    await browser.close();
    await cluster[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  it("plays on our page, which offers what this browser can show", async () => {
    const page = await browser.newPage({ viewport: { width: 640, height: 400 } });
    await page.goto(playback.watch[0] ?? "");
    await page.evaluate(async () => {
      const video = document.querySelector("video")!;
      video.muted = true;
      await video.play();
    });
    await playsPast(page, 1);
    const labels = await page.locator("#quality option").allInnerTexts();
    assert.deepEqual(
      labels.map((label) => label.replace(/^Auto.*/, "Auto")),
      ["Auto", "144p", "90p"],
    );
    await page.close();
  });

  for (const [engine, form] of plays) {
    it(`plays in ${engine} by ${form.toUpperCase()}`, async () => {
      const page = await openEngine(browser, engine);
      const url = playback[form][0] ?? "";
      await playOn(page, form === "hls" ? onePathway(url) : url);
      assert.ok((await countColours(page)) >= 100);
      assert.deepEqual(await page.evaluate(() => window.engine.errors), []);
      await page.close();
    });
  }
});
