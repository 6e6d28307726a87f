// An asset encoded anew on a real cluster: it plays all the time, whoever began with the old edition goes on with it,
// a control plane that is killed in the middle goes on, and in the end nothing of the old one is left.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Cluster, clip, eventually } from "../cluster/cluster.ts";
import type { AssetJson, IngestJson } from "../cluster/cluster.ts";
import { namedObjects, storedObjects } from "../cluster/leftovers.ts";
import { decodeStream, fetchText, mediaPlaylists, onePathway, segmentsOf } from "../cluster/stream.ts";

interface Reencoded extends AssetJson {
  readonly ladder: string;
  readonly edition: number;
  readonly storedBytes: number;
  readonly nextLadder: string | null;
  readonly nextProgress: number | null;
  readonly reencodeError: object | null;
}

const editionGraceMs = 30_000;
const ladders = { small: { lines: [144, 234], preset: "ultrafast", crf: 30 } };

describe("an asset that is encoded anew", () => {
  let cluster: Cluster;
  let asset: Reencoded;
  let urls: readonly string[];

  before(async () => {
    cluster = await Cluster.start({ controlConfig: { editionGraceMs, ladders } });
    const { asset: made } = await cluster.json<IngestJson>("ingest", clip);
    asset = await show(made.id);
    // Homes, and a node that is none.
    urls = cluster.state.nodes.map(({ playbackUrl }) => `${playbackUrl}/v/${made.id}/index.m3u8`);
  });
  after(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  const show = async (id: string): Promise<Reencoded> => await cluster.json<Reencoded>("assets", "show", id);

  it("plays all the time, in the old edition for who began with it, through a kill of the control plane", async () => {
    const old = await Promise.all(urls.map(async (url) => await OldViewer.open(url)));
    const stop = new AbortController();
    const watching = Promise.all(
      old.map(async (viewer) => {
        await viewer.watch(stop.signal);
      }),
    );
    const states = new Set<string>();
    const looked = async (): Promise<Reencoded> => {
      const now = await show(asset.id);
      states.add(`${now.state} ${String(now.degraded?.have ?? "whole")}`);
      return now;
    };

    const begun = await cluster.json<Reencoded>("assets", "reencode", asset.id, "--ladder", "small");
    assert.deepEqual([begun.nextLadder, begun.edition, begun.state], ["small", 0, "ready"]);
    await eventually("a part of the new edition", async () => {
      return ((await looked()).nextProgress ?? 0) > 0 ? true : undefined;
    });
    cluster.kill("control");
    await cluster.startProgram("control");
    const done = await eventually("the new edition", async () => {
      const now = await looked();
      return now.edition === 1 ? now : undefined;
    });
    const adoptedAt = Date.now();
    assert.deepEqual([done.ladder, done.nextLadder, done.reencodeError], ["small", null, null]);
    assert.deepEqual(done.renditions.map(({ name }) => name).sort(), ["144p", "234p"]);
    assert.ok(done.storedBytes > asset.storedBytes);

    for (const url of urls) {
      await eventually(`the new playlist at ${url}`, async () => {
        return (await fetchText(onePathway(url))).includes("video-e1/234p.m3u8") ? true : undefined;
      });
      assert.deepEqual(new Set(sizesIn(await fetchText(onePathway(url)))), new Set(["256x144", "416x234"]));
      const { videoTimes, audioStart, audioEnd } = await decodeStream(url);
      assert.equal(videoTimes.length, 720);
      assert.ok(audioStart < 0.001 && Math.abs(audioEnd - 30) < 0.05, `${String(audioStart)} to ${String(audioEnd)}`);
    }
    const { bad } = await cluster.json<{ bad: unknown[] | number }>("assets", "verify", asset.id);
    assert.ok(bad === 0 || (Array.isArray(bad) && bad.length === 0), JSON.stringify(bad));
    await new Promise((wake) => setTimeout(wake, Math.max(0, adoptedAt + editionGraceMs / 2 - Date.now())));
    stop.abort();
    await watching;
    assert.deepEqual([...states], ["ready whole"]);
    for (const viewer of old) {
      assert.deepEqual(viewer.failures, []);
      assert.ok(viewer.rounds >= 3, String(viewer.rounds));
    }
  });

  it("leaves nothing of the old edition once viewers have had their time", async () => {
    const [home] = asset.replicas.map(({ nodeId }) => cluster.node(nodeId));
    const playlist = `${home!.playbackUrl}/v/${asset.id}/video/480p.m3u8`;
    await eventually(
      "the old playlist to be gone",
      async () => {
        return (await fetch(playlist)).status === 404 ? true : undefined;
      },
      2 * editionGraceMs + 60_000,
    );
    for (const { dataDir } of cluster.state.nodes) {
      await eventually("the old pieces to be gone", async () => {
        const files = await readdir(join(dataDir, "pieces", asset.id)).catch(() => []);
        return files.some((file) => /^(video|audio|images)/.test(file)) ? undefined : true;
      });
    }
    for (const { dataDir } of asset.replicas.map(({ nodeId }) => cluster.node(nodeId))) {
      await eventually("the old objects to be gone", async () => {
        const [stored, named] = [await storedObjects(dataDir), new Set(await namedObjects(dataDir))];
        return stored.every((sha256) => named.has(sha256)) ? true : undefined;
      });
    }
    assert.equal((await decodeStream(urls[0]!)).videoTimes.length, 720);
  });

  it("says what is wrong with a wish that cannot be", async () => {
    const refused = async (...args: string[]): Promise<[number, string]> => {
      const { code, stdout } = await cluster.vsctl("assets", "reencode", ...args, "--json");
      const { error } = JSON.parse(stdout) as { error: { code: string; hint: string } };
      return [code, error.code];
    };
    assert.deepEqual(await refused(asset.id, "--ladder", "huge"), [2, "invalid_argument"]);
    assert.deepEqual(await refused("as00000000000000000000", "--ladder", "small"), [3, "asset_not_found"]);
  });

  it("is encoded anew with the same ladder too, to the same bytes, and waits for it", async () => {
    const before = await segmentsOf((await mediaPlaylists(urls[0]!))[0]!);
    const done = await cluster.json<Reencoded>("assets", "reencode", asset.id, "--ladder", "small", "--wait");
    assert.deepEqual([done.edition, done.ladder, done.state], [2, "small", "ready"]);
    await eventually("the new playlist", async () => {
      return (await fetchText(onePathway(urls[0]!))).includes("video-e2/") ? true : undefined;
    });
    const names = (all: readonly string[]): string[] => all.map((url) => url.split("/").at(-1) ?? "").sort();
    const after = (await Promise.all((await mediaPlaylists(urls[0]!)).map(segmentsOf))).flat();
    assert.deepEqual(
      names(before).filter((name) => !names(after).includes(name)),
      [],
    );
  });
});

/** Fetches all that the old playlists name, again and again, as who watches it long after it was replaced. */
class OldViewer {
  readonly failures: string[] = [];
  rounds = 0;
  readonly #urls: readonly string[];

  private constructor(all: readonly string[]) {
    this.#urls = all;
  }

  static async open(url: string): Promise<OldViewer> {
    const playlists = await mediaPlaylists(url);
    const media = (await Promise.all(playlists.map(segmentsOf))).flat();
    assert.ok(playlists.length >= 3 && media.length >= 12);
    return new OldViewer([...playlists, ...new Set(media)]);
  }

  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const url of this.#urls) await this.#fetch(url);
      this.rounds += 1;
      await new Promise((wake) => setTimeout(wake, 300));
    }
  }

  async #fetch(url: string): Promise<void> {
    const response = await fetch(url).catch((err: unknown) => String(err));
    if (typeof response === "string" || response.status !== 200) {
      this.failures.push(`${url}: ${typeof response === "string" ? response : String(response.status)}`);
      return;
    }
    const hash = createHash("sha256")
      .update(Buffer.from(await response.arrayBuffer()))
      .digest("hex");
    const named = /([0-9a-f]{64})\.\w+$/.exec(url)?.[1];
    if (named !== undefined && named !== hash) this.failures.push(`${url}: bytes of ${hash}`);
  }
}

function sizesIn(playlist: string): string[] {
  return [...playlist.matchAll(/RESOLUTION=(\d+x\d+)/g)].map(([, size = ""]) => size);
}
