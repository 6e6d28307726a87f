// The player against the playback side alone: two real serving processes over real stores, and Chromium. Here a node
// can be killed, or frozen so that it takes connections and never answers, at any moment.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { newId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Manifest } from "@vstream/core/media.ts";
import { buildPlayer } from "../../player/build.ts";
import type {} from "../../player/src/page-window.ts";
import { launchChromium, playsPast, seek } from "./chromium.ts";
import type { NodeMessage } from "./serving-node.ts";
import { directoryOf, end, openNodeStore, startNode, tellNodes } from "./serving-nodes.ts";
import type { ServingNode } from "./serving-nodes.ts";
import { assetSeconds, atFirst, encodeSmallAsset, fill, newAssetId } from "./small-asset.ts";

/** Where pictures of the page are kept for people to look at; nowhere unless told. */
const screenshots = process.env["VSTREAM_SCREENSHOTS"];

describe("the player and two nodes", function () {
  this.timeout(120_000);
  let folder: string;
  let assetId: AssetId;
  let growing: Manifest;
  let browser: Browser;
  const growingId = newAssetId();
  const nodeIds = [newId("node", Date.now()), newId("node", Date.now())];
  let nodes: ServingNode[] = [];
  const tell = (message: NodeMessage): Promise<void> => tellNodes(nodes, message);
  const start = (index: number, port = 0): Promise<ServingNode> =>
    startNode({ folder, nodeId: nodeIds[index]!, name: `node-${String(index + 1)}`, port });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-failover-"));
    assetId = newAssetId();
    await encodeSmallAsset(join(folder, "encoded"));
    await buildPlayer({ outDir: join(folder, "player") });
    for (const nodeId of nodeIds) await fillStore(nodeId);
    browser = await launchChromium();
  });
  beforeEach(async () => {
    nodes = await Promise.all(nodeIds.map((_, index) => start(index)));
    await tell({ directory: directoryOf(nodes) });
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    for (const { child } of nodes) await end(child);
  });
  after(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function fillStore(nodeId: NodeId): Promise<void> {
    await using store = await openNodeStore(folder, nodeId);
    const from = { folder: join(folder, "encoded"), homes: nodeIds };
    await store.keepManifest(await fill(store, { ...from, assetId }));
    growing = await fill(store, { ...from, assetId: growingId });
    await store.keepManifest(atFirst(growing));
  }

  async function openPage(id = assetId): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) problems.push(message.text());
    });
    const answer = await page.goto(`${nodes[0]!.url}/watch/${id}`);
    assert.equal(answer?.status(), 200, await page.content());
    await playsPast(page, 0.5);
    assert.deepEqual(problems, []);
    return page;
  }

  it("plays by hls.js, seeks and switches the rendition", async () => {
    const page = await openPage();
    const engine = await page.evaluate(() => [window.vstream.engine, document.querySelector("video")!.src.slice(0, 5)]);
    assert.deepEqual(engine, ["hls.js", "blob:"]);
    assert.equal(await page.title(), "Big Buck Bunny <b>&</b> friends · vstream");
    await seek(page, 113);
    await playsPast(page, 113.5);
    const shown = await page.evaluate(() => {
      const frames = document.querySelector("video")!.getVideoPlaybackQuality();
      return frames.totalVideoFrames - frames.droppedVideoFrames;
    });
    assert.ok(shown > 6, `${String(shown)} frames shown`);
    await seek(page, 5);
    await page.selectOption("#quality", { label: "144p" });
    await page.waitForFunction(() => document.querySelector("video")!.videoHeight === 144);
    await picture(page, "playing");
  });

  it("starts an asset that still grows at its beginning, and follows it to its end", async () => {
    const page = await openPage(growingId);
    assert.ok((await page.evaluate(() => document.querySelector("video")!.currentTime)) < 6);
    await tell({ manifest: growing });
    await page.waitForFunction((end) => document.querySelector("video")!.duration > end, assetSeconds - 1);
    await seek(page, assetSeconds - 2);
    await page.waitForFunction(() => document.querySelector("video")!.ended);
  });

  it("goes on from the other node when the serving one is killed", async () => {
    const page = await openPage();
    nodes[0]!.child.kill("SIGKILL");
    await playsPast(page, 7);
    await page.waitForFunction((url) => window.vstream.home() === url, nodes[1]!.url);
    await seek(page, 112);
    await playsPast(page, 113);
    await assertNoStall(page);
    assert.match((await page.textContent("#status")) ?? "", /Served by node-2/);
    await picture(page, "after-kill");
  });

  it("goes on from the other node when the serving one takes connections and says nothing", async () => {
    const page = await openPage();
    nodes[0]!.child.kill("SIGSTOP");
    await playsPast(page, 8);
    await page.waitForFunction((url) => window.vstream.home() === url, nodes[1]!.url);
    await assertNoStall(page);
    nodes[0]!.child.kill("SIGCONT");
  });

  it("leaves a node that drains within ten seconds, and nobody notices", async () => {
    const page = await openPage();
    await tell({ directory: directoryOf(nodes, { [nodeIds[0]!]: { scheduling: "draining" } }) });
    await page.waitForFunction((url) => window.vstream.home() === url, nodes[1]!.url, { timeout: 10_000 });
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await seek(page, 100);
    await playsPast(page, 108);
    assert.ok(asked.some((url) => url.endsWith(".m4s")));
    assert.ok(
      asked.every((url) => url.startsWith(nodes[1]!.url)),
      asked.join("\n"),
    );
    await assertNoStall(page);
    assert.match((await page.textContent("#status")) ?? "", /Served by node-2/);
  });

  it("says that no node answers, and plays on at the same place when one is back", async () => {
    const page = await openPage();
    for (const { child } of nodes) await end(child);
    await seek(page, 110);
    await page.waitForSelector("#trouble:not([hidden])");
    assert.match((await page.textContent("#trouble-text")) ?? "", /No node that has this video answers/);
    await picture(page, "trouble");
    nodes[0] = await start(0, Number(new URL(nodes[0]!.url).port));
    await page.click("#retry");
    await playsPast(page, 110.5);
    assert.ok(await page.isHidden("#trouble"));
  });

  it("says what is wrong with an asset that nobody has", async () => {
    const page = await browser.newPage();
    const answer = await page.goto(`${nodes[0]!.url}/watch/${newAssetId()}`);
    assert.equal(answer?.status(), 503);
    assert.match((await page.textContent("body")) ?? "", /nobody who might know answers/);
  });
});

async function assertNoStall(page: Page): Promise<void> {
  const stalls = await page.evaluate(() => window.vstream.stalls);
  assert.ok(
    stalls.every((stall) => stall.durationMs <= 1000),
    JSON.stringify(stalls),
  );
}

async function picture(page: Page, name: string): Promise<void> {
  if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, `${name}.png`) });
}
