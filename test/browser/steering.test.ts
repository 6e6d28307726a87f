// A player that is not ours, hls.js as it comes, against three serving processes: it goes where the steering manifest
// sends it. And ffmpeg, which knows nothing of steering.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { newId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Manifest, NodeAddress } from "@vstream/core/media.ts";
import { launchChromium, playsPast } from "./chromium.ts";
import { directoryOf, end, openNodeStore, startNode, tellNodes } from "./serving-nodes.ts";
import type { ServingNode } from "./serving-nodes.ts";
import { encodeSmallAsset, fill, newAssetId } from "./small-asset.ts";

/** What the bare page below keeps of its player. */
interface BarePage {
  /** Hosts that media fragments came from, in order. */
  readonly hosts: string[];
  readonly fatal: string[];
  readonly levels: () => number;
}

/** As much of hls.js as the bare page uses. */
interface HlsPlayer {
  readonly levels: readonly unknown[];
  on(event: "hlsFragLoaded", listener: (event: string, loaded: { frag: { url: string } }) => void): void;
  on(event: "hlsError", listener: (event: string, error: { fatal: boolean; details: string }) => void): void;
  loadSource(url: string): void;
  attachMedia(video: HTMLVideoElement): void;
}

declare global {
  interface Window {
    bare: BarePage;
    Hls: new (config: Readonly<Record<string, unknown>>) => HlsPlayer;
  }
}

const longestTtlMs = 10_000;
const draining = { scheduling: "draining" } as const;

describe("steering by playlist and steering manifest", function () {
  this.timeout(120_000);
  let folder: string;
  let browser: Browser;
  let nodes: ServingNode[] = [];
  let manifest: Manifest;
  let hlsScript: string;
  const assetId = newAssetId();
  const nodeIds = [1, 2, 3].map((at) => newId("node", at));
  const index = (node: number): string => `${nodes[node]!.url}/v/${assetId}/index.m3u8`;
  const tellDirectory = (changes: Record<NodeId, Partial<NodeAddress>> = {}): Promise<void> =>
    tellNodes(nodes, { directory: directoryOf(nodes, changes) });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-steering-"));
    hlsScript = await readFile(join(import.meta.dirname, "../../node_modules/hls.js/dist/hls.min.js"), "utf8");
    await encodeSmallAsset(join(folder, "encoded"));
    browser = await launchChromium();
  });
  beforeEach(async () => {
    for (const nodeId of nodeIds) {
      await rm(join(folder, nodeId), { recursive: true, force: true });
      await using store = await openNodeStore(folder, nodeId);
      const from = { folder: join(folder, "encoded"), homes: nodeIds.slice(0, 2), assetId };
      manifest = await fill(store, from);
      await store.keepManifest(manifest);
    }
    nodes = await Promise.all(nodeIds.map((nodeId) => startNode({ folder, nodeId, name: nodeId })));
    await tellDirectory();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    for (const { child } of nodes) await end(child);
  });
  after(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A page of the node that is no home, with nothing but hls.js and its own way to fail over and follow steering. */
  async function openBarePage(url: string): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(`${nodes[2]!.url}/healthz`);
    await page.addScriptTag({ content: hlsScript });
    await page.evaluate((source) => {
      const hls = new window.Hls({ maxBufferLength: 12, maxMaxBufferLength: 12, enableWorker: false });
      const hosts: string[] = [];
      const fatal: string[] = [];
      window.bare = { hosts, fatal, levels: () => hls.levels.length };
      hls.on("hlsFragLoaded", (_event, { frag }) => hosts.push(new URL(frag.url).origin));
      hls.on("hlsError", (_event, error) => {
        if (error.fatal) fatal.push(error.details);
      });
      const video = document.createElement("video");
      video.muted = true;
      document.body.append(video);
      hls.loadSource(source);
      hls.attachMedia(video);
      void video.play();
    }, url);
    await playsPast(page, 0.5);
    return page;
  }

  /** Fetches from there, and from nowhere else any more, within one TTL and what it had begun. */
  async function movesTo(page: Page, url: string): Promise<void> {
    const timeout = longestTtlMs + 10_000;
    await page.waitForFunction((origin) => window.bare.hosts.at(-1) === origin, url, { timeout });
    const begun = await page.evaluate(() => window.bare.hosts.length);
    await page.waitForFunction((length) => window.bare.hosts.length > length + 2, begun);
    const later = await page.evaluate((length) => window.bare.hosts.slice(length), begun);
    assert.deepEqual(new Set(later), new Set([url]));
    assert.deepEqual(await page.evaluate(() => window.bare.fatal), []);
  }

  const hostOf = (page: Page): Promise<string | undefined> => page.evaluate(() => window.bare.hosts.at(-1));

  it("moves hls.js off a home that drains", async () => {
    const page = await openBarePage(index(0));
    assert.equal(await page.evaluate(() => window.bare.levels()), 2, "one pathway at a time");
    const first = await hostOf(page);
    const from = nodes.find(({ url }) => url === first)!;
    const to = nodes.find(({ url }, at) => url !== first && at < 2)!;
    await tellDirectory({ [from.nodeId]: draining });
    await movesTo(page, to.url);
  });

  it("brings hls.js to a home that its playlist did not know", async () => {
    const page = await openBarePage(index(0));
    await tellNodes(nodes, { manifest: { ...manifest, version: manifest.version + 1, homeNodeIds: nodeIds } });
    await tellDirectory({ [nodeIds[0]!]: draining, [nodeIds[1]!]: draining });
    await movesTo(page, nodes[2]!.url);
  });

  it("keeps hls.js playing when the home that it fetches from is killed", async () => {
    const page = await openBarePage(index(0));
    const first = await hostOf(page);
    const killed = nodes.find(({ url }) => url === first)!;
    const other = nodes.find(({ url }, at) => url !== first && at < 2)!;
    await end(killed.child);
    await movesTo(page, other.url);
  });

  it("lets ffmpeg play the first pathway's picture and sound, with one of two homes dead", async () => {
    for (const dead of [null, nodes[1]!]) {
      if (dead !== null) await end(dead.child);
      const wanted = ["-map", "0:v:0", "-map", "0:a:0", "-f", "framecrc", "-"];
      const { stdout } = await promisify(execFile)("ffmpeg", ["-v", "fatal", "-i", index(0), "-t", "30", ...wanted], {
        maxBuffer: 2 ** 26,
      });
      const frames = stdout.split("\n").filter((line) => line.startsWith("0,"));
      assert.equal(frames.length, 30 * 12);
      assert.ok(stdout.split("\n").some((line) => line.startsWith("1,")));
    }
  });
});
