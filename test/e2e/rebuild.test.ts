// How an asset was made, on a real cluster: its source comes back, what is lost is made again to the same bytes, and what
// ffmpeg was told for a piece can be told it again.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Cluster, clip, runProgram } from "../cluster/cluster.ts";
import type { AssetJson, ClusterNode, IngestJson } from "../cluster/cluster.ts";
import { flipByte, hashOfFile, objectFile } from "../cluster/damage.ts";
import { decodeStream, segmentHashes } from "../cluster/stream.ts";

interface PieceJson {
  readonly pieceId: string;
  readonly nodeName: string | null;
  readonly toolchain: string | null;
  readonly ffmpegVersion: string | null;
  readonly arguments: readonly string[];
  readonly objects: readonly { readonly sha256: string; readonly bytes: number }[];
}
interface RebuildJson {
  readonly verified: { readonly copies: number; readonly bad: number };
  readonly rebuilt: readonly { readonly pieceId: string; readonly nodeId: string; readonly sameBytes: boolean }[];
  readonly copied: number;
  readonly failed: readonly { readonly pieceId: string; readonly error: { readonly code: string } }[];
}

describe("how an asset was made", () => {
  let cluster: Cluster;
  let asset: AssetJson;
  let playback: IngestJson["playback"];
  let homes: readonly ClusterNode[];

  before(async () => {
    cluster = await Cluster.start();
    ({ asset, playback } = await cluster.json<IngestJson>("ingest", clip));
    homes = asset.replicas.map(({ nodeId }) => cluster.node(nodeId));
  });
  after(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  const pieceOf = async (pieceId: string): Promise<PieceJson> =>
    await cluster.json<PieceJson>("assets", "provenance", asset.id, "--piece", pieceId);
  /** The largest object of a piece: of a chunk, a segment of its best rung. */
  const largestOf = async (pieceId: string): Promise<string> =>
    (await pieceOf(pieceId)).objects.toSorted((one, other) => other.bytes - one.bytes)[0]?.sha256 ?? "";
  const damage = async (sha256: string, nodes = homes): Promise<void> => {
    for (const { dataDir } of nodes) await flipByte(objectFile(dataDir, sha256));
  };

  it("can be seen, down to command lines that give the same frames again", async () => {
    const { pieces } = await cluster.json<{ pieces: readonly PieceJson[] }>("assets", "provenance", asset.id);
    const made = pieces.filter(({ pieceId }) => pieceId !== "source");
    assert.ok(made.length >= 4);
    for (const { pieceId, nodeName, toolchain, ffmpegVersion, arguments: told } of made) {
      assert.ok(nodeName !== null && toolchain !== null && ffmpegVersion !== null, pieceId);
      assert.ok(
        told.length > 0 && told.every((line) => /^ff(mpeg|probe) /.test(line)),
        `${pieceId}: ${told.join("\n")}`,
      );
      assert.ok(!told.join().includes(cluster.folder), `${pieceId} names a folder of its node`);
    }
    const folder = join(cluster.folder, "again");
    await mkdir(join(folder, "encoded"), { recursive: true });
    await cluster.json("assets", "download", asset.id, "-o", join(folder, "source"));
    const line = (await pieceOf("video-00000")).arguments.findLast((told) => told.includes("libx264")) ?? "";
    const ran = await runProgram("sh", ["-c", `cd "$0" && ${line}`, folder]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(await readFile(join(folder, "encoded", "joint.md5"), "utf8"), /[0-9a-f]{32}/);
  });

  it("comes back as it was given, also when a home's copy of it is damaged", async () => {
    const source = await largestOf("source");
    const [first] = homes;
    if (first !== undefined) await flipByte(objectFile(first.dataDir, source));
    const file = join(cluster.folder, "back.mp4");
    const download = await cluster.json<{ path: string; sha256: string }>("assets", "download", asset.id, "-o", file);
    assert.deepEqual([download.path, download.sha256], [file, source]);
    assert.equal(await hashOfFile(file), await hashOfFile(clip));
    assert.equal((await cluster.vsctl("assets", "download", asset.id, "-o", file)).code, 6);
  });

  it("is made again to the same bytes when every copy of a segment is damaged", async () => {
    await cluster.json("assets", "rebuild", asset.id);
    const before = await segmentHashes(playback.hls[0] ?? "");
    const [video, audio] = [await largestOf("video-00000"), await largestOf("audio-0-00000")];
    await damage(video);
    await damage(audio);
    const { verified, rebuilt, copied, failed } = await cluster.json<RebuildJson>("assets", "rebuild", asset.id);
    assert.deepEqual([verified.copies, verified.bad, failed], [homes.length, homes.length, []]);
    assert.deepEqual(
      rebuilt.map(({ pieceId, sameBytes }) => [pieceId, sameBytes]),
      [
        ["audio-0-00000", true],
        ["video-00000", true],
      ],
    );
    assert.ok(copied >= 2, String(copied));
    for (const { dataDir } of homes) assert.equal(await hashOfFile(objectFile(dataDir, video)), video);
    for (const url of playback.hls) {
      assert.deepEqual(await segmentHashes(url), before);
      assert.equal((await decodeStream(url)).videoTimes.length, 720);
    }
  });

  it("is copied when a good copy is left, and left alone when all are good", async () => {
    await damage(await largestOf("video-00000"), homes.slice(0, 1));
    const copied = await cluster.json<RebuildJson>("assets", "rebuild", asset.id);
    assert.deepEqual([copied.verified.bad, copied.rebuilt, copied.copied, copied.failed], [1, [], 1, []]);
    const whole = await cluster.json<RebuildJson>("assets", "rebuild", asset.id);
    assert.deepEqual([whole.verified.bad, whole.rebuilt, whole.copied, whole.failed], [0, [], 0, []]);
  });

  it("cannot be made again without its source, and says so", async () => {
    await damage(await largestOf("source"));
    await damage(await largestOf("video-00000"));
    const ran = await cluster.vsctl("assets", "rebuild", asset.id, "--json");
    assert.equal(ran.code, 1, ran.stderr);
    const { failed } = JSON.parse(ran.stdout) as RebuildJson;
    assert.deepEqual(
      failed.map(({ pieceId, error }) => [pieceId, error.code]),
      [
        ["source", "object_missing"],
        ["video-00000", "object_missing"],
      ],
    );
    assert.equal((await cluster.vsctl("assets", "download", asset.id)).code, 3);
  });
});
