// The player against the playback side alone: two real serving processes over real stores, and Chromium. Here a node
// can be killed, or frozen so that it takes connections and never answers, at any moment.
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { systemClock } from "@vstream/core/clock.ts";
import { newId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Manifest } from "@vstream/core/media.ts";
import { openLog } from "@vstream/core/log.ts";
import { openStore } from "../../node-agent/src/store/segment-store.ts";
import { buildPlayer } from "../../player/build.ts";
import type {} from "../../player/src/page-window.ts";
import type { NodeMessage } from "./serving-node.ts";
import { assetSeconds, atFirst, encodeSmallAsset, fill, newAssetId } from "./small-asset.ts";

const flags = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"],
];
/** Where pictures of the page are kept for people to look at; nowhere unless told. */
const screenshots = process.env["VSTREAM_SCREENSHOTS"];

interface ServingNode {
  readonly url: string;
  readonly child: ChildProcess;
}

describe("the player and two nodes", function () {
  this.timeout(120_000);
  let folder: string;
  let assetId: AssetId;
  let growing: Manifest;
  let browser: Browser;
  const growingId = newAssetId();
  const nodeIds = [newId("node", Date.now()), newId("node", Date.now())];
  let nodes: ServingNode[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-failover-"));
    assetId = newAssetId();
    await encodeSmallAsset(join(folder, "encoded"));
    await buildPlayer({ outDir: join(folder, "player") });
    for (const nodeId of nodeIds) await fillStore(nodeId);
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });
  });
  beforeEach(async () => {
    nodes = await Promise.all(nodeIds.map((nodeId, index) => startNode(nodeId, `node-${String(index + 1)}`)));
    const directory = nodes.map(({ url }, index) => ({
      ...{ nodeId: nodeIds[index], name: `node-${String(index + 1)}`, region: "eu" },
      ...{ playbackUrl: url, peerUrl: "", serving: true },
    }));
    await tell({ directory } as NodeMessage);
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
    const { log } = openLog({ program: "test", level: "silent" });
    const options = { dataDir: join(folder, nodeId), capacityBytes: 2 ** 30, log, clock: systemClock };
    await using store = await openStore(options);
    const from = { folder: join(folder, "encoded"), homes: nodeIds };
    await store.keepManifest(await fill(store, { ...from, assetId }));
    growing = await fill(store, { ...from, assetId: growingId });
    await store.keepManifest(atFirst(growing));
  }

  async function tell(message: NodeMessage): Promise<void> {
    for (const { child } of nodes) {
      child.send(message);
      await once(child, "message");
    }
  }

  async function startNode(nodeId: NodeId, name: string, port = 0): Promise<ServingNode> {
    const program = join(import.meta.dirname, "serving-node.ts");
    const child = fork(program, [join(folder, nodeId), nodeId, name, join(folder, "player"), String(port)]);
    const [url] = (await once(child, "message")) as [string];
    return { url, child };
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

  it("says that no node answers, and plays on at the same place when one is back", async () => {
    const page = await openPage();
    for (const { child } of nodes) await end(child);
    await seek(page, 110);
    await page.waitForSelector("#trouble:not([hidden])");
    assert.match((await page.textContent("#trouble-text")) ?? "", /No node that has this video answers/);
    await picture(page, "trouble");
    nodes[0] = await startNode(nodeIds[0]!, "node-1", Number(new URL(nodes[0]!.url).port));
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

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function playsPast(page: Page, seconds: number): Promise<void> {
  await page.waitForFunction((past) => document.querySelector("video")!.currentTime > past, seconds);
}

async function seek(page: Page, seconds: number): Promise<void> {
  await page.evaluate((to) => {
    document.querySelector("video")!.currentTime = to;
  }, seconds);
}

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
