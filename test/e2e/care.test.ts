// Assets in their owner's care: sources kept by policy, copies that move as they are told, an ingest that is cancelled.
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clip, Cluster, eventually, runProgram } from "../cluster/cluster.ts";
import type { AssetJson, IngestJson } from "../cluster/cluster.ts";
import { segmentHashes } from "../cluster/stream.ts";

interface Shown extends AssetJson {
  readonly hasSource: boolean;
  readonly storedBytes: number;
  readonly sourceBytes: number;
  readonly speed: number | null;
  readonly secondsLeft: number | null;
  readonly step: string;
}

describe("assets in their owner's care", () => {
  let cluster: Cluster;
  let folder: string;
  let film: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-care-"));
    film = join(folder, "film.mp4");
    const cut = ["-v", "error", "-i", clip, "-t", "8", "-c", "copy", film];
    assert.equal((await runProgram("ffmpeg", cut)).code, 0);
    cluster = await Cluster.start({ nodes: 3, regions: "eu,eu,us" });
  });
  after(async () => {
    await cluster[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const show = async (id: string): Promise<Shown> => await cluster.json<Shown>("assets", "show", id);

  /** How many files of this size all nodes have. */
  async function filesOf(bytes: number): Promise<number> {
    let found = 0;
    for (const { dataDir } of cluster.state.nodes) {
      const names = await readdir(dataDir, { recursive: true });
      for (const name of names) {
        const size = await stat(join(dataDir, name)).then(
          (one) => one.size,
          () => -1,
        );
        if (size === bytes) found += 1;
      }
    }
    return found;
  }

  for (const policy of ["ready", "never"] as const) {
    it(`leave no source anywhere once they are ready, with --keep-source ${policy}, and play`, async () => {
      const { asset, playback } = await cluster.json<IngestJson>("ingest", film, "--force", "--keep-source", policy);
      const { size } = await stat(film);
      await eventually("no source", async () => ((await filesOf(size)) === 0 ? true : undefined));
      const shown = await show(asset.id);
      assert.deepEqual([shown.state, shown.hasSource, shown.degraded], ["ready", false, null]);
      assert.ok(shown.replicas.every(({ state }) => state === "verified"));
      assert.ok((await segmentHashes(playback.hls[0] ?? "")).length > 0);
      const refused = await cluster.vsctl("assets", "update", asset.id, "--keep-source", "always", "--json");
      assert.equal(refused.code, 6, refused.stdout);
      await cluster.json("assets", "verify", asset.id);
    });
  }

  it("keep it on every home otherwise, until they are told to let it go", async () => {
    const { asset } = await cluster.json<IngestJson>("ingest", film, "--force");
    const { size } = await stat(film);
    const before = await show(asset.id);
    assert.deepEqual([before.hasSource, await filesOf(size)], [true, 2]);
    await cluster.json("assets", "update", asset.id, "--keep-source", "ready", "--title", "Let go");
    await eventually("no source", async () => ((await filesOf(size)) === 0 ? true : undefined));
    const after = await show(asset.id);
    assert.equal(after.title, "Let go");
    assert.ok(after.storedBytes <= before.storedBytes - 2 * size);
  });

  it("move to the regions and the number of copies that they are to have", async () => {
    const { asset } = await cluster.json<IngestJson>("ingest", film, "--force", "--pin", "eu-1");
    const { nodes } = cluster.state;
    await cluster.json("assets", "update", asset.id, "--replicas", "1", "--regions", "us", "--no-pin");
    await eventually("one copy, in us", async () => {
      const { replicas } = await show(asset.id);
      const isThere = replicas.every(({ nodeId, state }) => {
        return state === "verified" && nodes.find(({ id }) => id === nodeId)?.region === "us";
      });
      return replicas.length === 1 && isThere ? true : undefined;
    });
    await cluster.json("assets", "verify", asset.id);
  });

  it("say how fast they are encoded and for how long, and are given up at a word", async () => {
    const { asset } = await cluster.json<IngestJson>("ingest", clip, "--wait", "none");
    const encoding = await eventually("a speed", async () => {
      const shown = await show(asset.id);
      return shown.speed === null ? undefined : shown;
    });
    assert.equal(encoding.step, "encoding");
    assert.ok(encoding.secondsLeft !== null && encoding.secondsLeft > 0 && encoding.progress < 1);
    const waiting = cluster.vsctl("assets", "wait", asset.id, "--json");
    await cluster.json("assets", "cancel", asset.id);
    const told = await waiting;
    assert.equal(told.code, 1, told.stdout);
    assert.match(told.stdout, /"cancelled"/);
    const { size } = await stat(clip);
    await eventually("nothing left", async () => ((await filesOf(size)) === 0 ? true : undefined));
    const again = await cluster.vsctl("assets", "cancel", asset.id, "--json");
    assert.equal(again.code, 6, again.stdout);
    const next = await cluster.json<IngestJson>("ingest", clip, "--wait", "playable");
    assert.deepEqual([next.asset.duplicate, next.asset.id === asset.id], [false, false]);
  });
});
