import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, copyFile, open, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newId, sourcePieceId } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import type {
  AudioContent,
  Chunk,
  ObjectRef,
  Piece,
  PieceContent,
  Rung,
  SourceRef,
  VideoContent,
  Work,
} from "@vstream/core/media.ts";
import { checkMediaTools } from "../media/media-tools.ts";
import type { MediaTools } from "../media/media-tools.ts";
import { trialCluster } from "../replicate/trial-nodes.fixture.ts";
import type { TrialCluster, TrialNode } from "../replicate/trial-nodes.fixture.ts";
import type { TaskResult } from "./task-context.ts";
import { runTrialWork } from "./trial-work.fixture.ts";

const clip = fileURLToPath(new URL("../../../test/media/bbb-480p-30s.mp4", import.meta.url));
const assetId = newId("asset", 0);
const rung: Rung = {
  ...{ name: "144p", width: 256, height: 144, codec: "h264", preset: "ultrafast", crf: 30 },
  ...{ maxrateBps: 300_000, bufferBits: 600_000, profile: "high", videoRange: "SDR" },
};
const target = {
  ...{ track: 0, stream: 0, language: "", name: "", defaultTrack: true },
  ...{ channels: 2, bitrateBps: 96_000, sampleRate: 48_000 },
};
const chunks: readonly [Chunk, Chunk] = [
  { index: 0, firstSegment: 0, segmentCount: 1 },
  { index: 1, firstSegment: 1, segmentCount: 2 },
];

// 14 s of a real clip: three segments in two chunks. `home` has the source, `away` has nothing of its own.
describe("work", function () {
  this.timeout(60_000);
  let tools: MediaTools;
  let cluster: TrialCluster;
  let home: TrialNode;
  let away: TrialNode;
  let source: SourceRef;
  let timeline: ObjectRef;
  const reported: Piece[] = [];
  const damaged: Sha256[] = [];
  /** Of the source as the last task saw it, on the disk. */
  let sourceBlocks = 0;

  before(async () => {
    tools = await checkMediaTools({ ffmpegPath: "ffmpeg", ffprobePath: "ffprobe" });
    cluster = await trialCluster(2);
    [home, away] = cluster.nodes as [TrialNode, TrialNode];
    source = await takeSource(["-t", "14"]);
  });

  after(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  /** Puts a part of the clip, or more of it, into `home`. */
  async function takeSource(length: readonly string[]): Promise<SourceRef> {
    const path = join(home.store.uploadFolder, "clip.mp4");
    const input = length[0] === "-stream_loop" ? [...length, "-i", clip] : ["-i", clip, ...length];
    execFileSync("ffmpeg", ["-v", "error", ...input, "-c", "copy", "-y", path]);
    const taken = await home.store.adoptSource(path);
    const content = { kind: "source", ...taken } as const;
    await home.store.recordPiece(assetId, { id: sourcePieceId, content, toolchain: "", madeBy: home.nodeId });
    return taken;
  }

  async function run(node: TrialNode, work: Work): Promise<TaskResult> {
    return await runTrialWork(node, work, {
      ...{ assetId, tools },
      onDamage: (sha256) => {
        damaged.push(sha256);
      },
      onKept: async (piece, scratch) => {
        if (piece.content.kind === "video") sourceBlocks = (await stat(scratch.path("source"))).blocks;
      },
      onReported: (piece) => {
        reported.push(piece);
      },
    });
  }

  function transcode(node: TrialNode, chunk: Chunk): Promise<TaskResult> {
    const holders = [home.nodeId];
    return run(node, {
      kind: "transcode",
      source,
      timeline,
      holders,
      chunk,
      rungs: [rung],
      preRollKeyframes: 2,
      edition: 0,
    });
  }

  it("probes a source and makes its timeline", async () => {
    const { probe, pieces } = await run(home, { kind: "probe", source, holders: [home.nodeId], allowDamaged: false });
    assert.equal(probe?.segments, 3);
    assert.equal(pieces.length, 1);
    const content = home.store.getPiece(assetId, pieces[0]!.id)?.content;
    assert.ok(content?.kind === "timeline");
    timeline = content.timeline;
  });

  it("says with each piece what ffmpeg was told for it, without the folders of its node", async () => {
    const [video] = (await transcode(away, chunks[0])).pieces;
    const [encode = ""] = (video?.arguments ?? []).filter((line) => line.includes("libx264"));
    assert.match(encode, /^ffmpeg .* -i file:source .* file:encoded\/encoded-0\.mp4 /);
    const { pieces } = await run(home, { kind: "probe", source, holders: [home.nodeId], allowDamaged: false });
    const probes = pieces[0]?.arguments ?? [];
    assert.ok(
      probes.length > 0 && probes.every((line) => /^ff(probe|mpeg) .*file:source\b/.test(line)),
      probes.join("\n"),
    );
    assert.ok(![encode, ...probes].join().includes(cluster.nodes[0]?.folder ?? ""));
    assert.equal(away.store.getPiece(assetId, video!.id)?.arguments, undefined);
  });

  it("makes the same bytes on a node with the source and on one without, and chunks that join", async () => {
    const first = (await transcode(away, chunks[0])).pieces[0]?.content as VideoContent;
    const here = (await transcode(home, chunks[1])).pieces[0]?.content as VideoContent;
    const there = (await transcode(away, chunks[1])).pieces[0]?.content as VideoContent;
    assert.deepEqual(here, there);
    assert.equal(here.joint.beforeFirst, first.joint.last);
    assert.equal(first.renditions[0]?.init.sha256, here.renditions[0]?.init.sha256);
    assert.deepEqual(
      [first, here].map((content) => content.renditions[0]?.segments.length),
      [1, 2],
    );
    assert.ok(objectsOf(there).every((object) => away.store.has(object.sha256)));
  });

  it("reports an audio track chunk by chunk, in order", async () => {
    const holders = [home.nodeId];
    const result = await run(away, {
      kind: "audio",
      source,
      timeline,
      holders,
      target,
      chunkSegments: [1, 2],
      edition: 0,
    });
    assert.deepEqual(result.pieces, []);
    assert.deepEqual(
      reported.map((piece) => piece.id),
      ["audio-0-00000", "audio-0-00001"],
    );
    for (const { arguments: told = [] } of reported) {
      assert.deepEqual(
        told.map((line) => line.split(" ")[0]),
        ["ffprobe", "ffmpeg", "ffmpeg"],
      );
      assert.match(told.at(-1) ?? "", /-c:a aac /);
    }
    const [first, second] = reported.map((piece) => piece.content as AudioContent);
    assert.deepEqual(
      [first, second].map((content) => content?.rendition.segments.length),
      [1, 2],
    );
    assert.equal(second?.rendition.segments[0]?.startTicks, first?.rendition.segments[0]?.durationTicks);
  });

  it("copies a piece to a node that lacks it, and discards it again", async () => {
    const piece = away.store.getPiece(assetId, reported[0]!.id)!;
    await run(home, { kind: "replicate", piece, holders: [home.nodeId, away.nodeId] });
    assert.deepEqual(home.store.getPiece(assetId, piece.id), piece);
    await run(home, { kind: "discard", pieceIds: [piece.id] });
    assert.equal(home.store.getPiece(assetId, piece.id), null);
  });

  it("fetches only a part of a large source, and makes the same of it", async () => {
    source = await takeSource(["-stream_loop", "5"]);
    const { probe, pieces } = await run(home, { kind: "probe", source, holders: [], allowDamaged: false });
    assert.ok(probe !== null && probe.segments > 17);
    const [made] = pieces;
    timeline = (made!.content as Extract<PieceContent, { kind: "timeline" }>).timeline;
    const chunk = { index: 4, firstSegment: 16, segmentCount: 1 };
    const there = (await transcode(away, chunk)).pieces[0]?.content;
    assert.ok(sourceBlocks * 512 < source.source.bytes / 2, `${sourceBlocks} blocks`);
    const here = (await transcode(home, chunk)).pieces[0]?.content;
    assert.deepEqual(there, here);
  });

  it("takes the source from another node where its own copy is wrong", async () => {
    const chunk = { index: 4, firstSegment: 16, segmentCount: 1 };
    const right = (await transcode(home, chunk)).pieces[0]?.content;
    const path = join(away.store.uploadFolder, "clip.mp4");
    await copyFile(home.store.pathOf(source.source.sha256)!, path);
    await away.store.adoptSource(path);
    // All of it but the beginning.
    const copy = away.store.pathOf(source.source.sha256)!;
    await chmod(copy, 0o600);
    await using handle = await open(copy, "r+");
    await handle.write(Buffer.alloc(source.source.bytes - 2_000_000), 0, null, 2_000_000);
    damaged.length = 0;
    assert.deepEqual((await transcode(away, chunk)).pieces[0]?.content, right);
    assert.deepEqual(damaged, [source.source.sha256]);
  });

  it("leaves nothing in the scratch folders", async () => {
    for (const node of cluster.nodes) assert.deepEqual(await readdir(join(node.folder, "scratch")), []);
  });

  it("refuses what is not media", async () => {
    const path = join(home.store.uploadFolder, "list.txt");
    await writeFile(path, "a shopping list\n".repeat(1000));
    const work: Work = { kind: "probe", source: await home.store.adoptSource(path), holders: [], allowDamaged: false };
    await assert.rejects(run(home, work), { code: "not_media" });
  });
});
