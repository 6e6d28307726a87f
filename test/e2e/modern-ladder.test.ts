// A film of high dynamic range on a ladder with HEVC: every rung of it is published for what it is and decodes, by the
// rules, and its bytes are the same on any number of nodes.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster, runProgram } from "../cluster/cluster.ts";
import type { AssetJson, IngestJson } from "../cluster/cluster.ts";
import { makeHighRangeFilm, tinyModernLadder } from "../cluster/high-range-film.ts";
import { fetchText, onePathway, segmentHashes } from "../cluster/stream.ts";

// Three chunks.
const controlConfig = { maxChunkSegments: 1, ladders: tinyModernLadder };
const seconds = 14;
const rungs = ["144p-hdr", "144p-hevc", "144p", "90p-hdr", "90p-hevc", "90p"];
const frames = seconds * 24;

interface ShownAsset extends AssetJson {
  readonly renditions: readonly { name: string; width: number; height: number; codecs: string }[];
}

describe("a film of high dynamic range on a modern ladder", () => {
  let folder: string;
  let film: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-modern-"));
    film = join(folder, "film.mp4");
    await makeHighRangeFilm(film, seconds);
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("is published in each codec and range, decodes, keeps the rules, and is the same on any number of nodes", async () => {
    const hashes: string[][] = [];
    for (const nodes of [1, 3]) {
      await using cluster = await Cluster.start({ nodes, regions: "eu,us", controlConfig });
      const { asset, playback } = await cluster.json<IngestJson>("ingest", film, "--ladder", "tiny");
      const [hls = "", dash = ""] = [playback.hls[0], playback.dash[0]];
      hashes.push(await segmentHashes(hls));
      if (nodes > 1) await checkPublished(cluster, { id: asset.id, url: onePathway(hls), dash });
    }
    assert.deepEqual(hashes[1], hashes[0]);
  });
});

async function checkPublished(cluster: Cluster, asset: { id: string; url: string; dash: string }): Promise<void> {
  const shown = await cluster.json<ShownAsset>("assets", "show", asset.id);
  assert.deepEqual(
    shown.renditions.map(({ name }) => name),
    rungs,
  );
  await cluster.json("assets", "check", asset.id, "--decode");
  const playlist = await fetchText(asset.url);
  for (const [kind, wanted] of [
    ["EXT-X-STREAM-INF", 6],
    ["EXT-X-I-FRAME-STREAM-INF", 6],
  ] as const) {
    const lines = playlist.split("\n").filter((line) => line.startsWith(`#${kind}:`));
    assert.equal(lines.length, wanted);
    assert.equal(lines.filter((line) => /CODECS="hvc1\.2\.4\..*VIDEO-RANGE=PQ/.test(line)).length, 2);
    assert.equal(lines.filter((line) => /CODECS="hvc1\.1\.6\..*VIDEO-RANGE=SDR/.test(line)).length, 2);
    assert.equal(lines.filter((line) => /CODECS="avc1\..*VIDEO-RANGE=SDR/.test(line)).length, 2);
  }
  const base = asset.url.replace(/index\.m3u8.*$/, "");
  for (const rung of rungs) {
    const args = ["-v", "warning", "-xerror", "-i", `${base}video/${rung}.m3u8`, "-map", "0:v", "-f", "framecrc", "-"];
    const decoded = await runProgram("ffmpeg", ["-nostdin", ...args]);
    assert.deepEqual([decoded.code, decoded.stderr], [0, ""], rung);
    assert.equal(decoded.stdout.split("\n").filter((line) => line.startsWith("0,")).length, frames, rung);
  }
  const manifest = await fetchText(asset.dash);
  assert.equal((manifest.match(/<AdaptationSet id="\d+" contentType="video"/g) ?? []).length, 3);
  assert.match(manifest, /TransferCharacteristics" value="16"/);
}
