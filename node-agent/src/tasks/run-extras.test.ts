import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newId, sourcePieceId } from "@vstream/core/ids.ts";
import type { ImagesContent, Manifest, ObjectRef, Piece, Probe, Rung, TextContent, Work } from "@vstream/core/media.ts";
import type { SourceRef, TextTarget } from "@vstream/core/media.ts";
import { jpegSize } from "../media/images-jpeg.ts";
import { checkMediaTools } from "../media/media-tools.ts";
import type { MediaTools } from "../media/media-tools.ts";
import { trialCluster } from "../replicate/trial-nodes.fixture.ts";
import type { TrialCluster, TrialNode } from "../replicate/trial-nodes.fixture.ts";
import type { TaskResult } from "./task-context.ts";
import { runTrialWork } from "./trial-work.fixture.ts";

const clip = fileURLToPath(new URL("../../../test/media/bbb-480p-30s.mp4", import.meta.url));
const assetId = newId("asset", 0);
const small: Rung = {
  ...{ name: "90p", width: 160, height: 90, codec: "h264", preset: "ultrafast", crf: 30 },
  ...{ maxrateBps: 200_000, bufferBits: 400_000, profile: "high", videoRange: "SDR" },
};
const large: Rung = { ...small, name: "144p", width: 256, height: 144 };
const imagesTarget = { posterRung: "144p", thumbnailRung: "90p", intervalMs: 5000 };
const textTarget: TextTarget = {
  ...{ track: 3, origin: "stream", stream: 0, file: 0, language: "en", name: "" },
  ...{ forced: false, hearingImpaired: false, defaultTrack: false },
};
const subRip = `1
00:00:01,000 --> 00:00:02,000
<i>first</i>

2
00:00:05,500 --> 00:00:06,500
across
`;

/** What ffmpeg was told is reported, and not kept. */
function keptOf({ arguments: told, ...piece }: Piece): Piece {
  assert.notDeepEqual(told, []);
  return piece;
}

// 14 s of a real clip with subtitles: two chunks. `home` has source and chunks, `away` has nothing of its own.
describe("work on what belongs to no chunk", function () {
  this.timeout(60_000);
  let tools: MediaTools;
  let cluster: TrialCluster;
  let home: TrialNode;
  let away: TrialNode;
  let source: SourceRef;
  let timeline: ObjectRef;
  let probe: Probe;
  const videos: Piece[] = [];

  before(async () => {
    tools = await checkMediaTools({ ffmpegPath: "ffmpeg", ffprobePath: "ffprobe" });
    cluster = await trialCluster(2);
    [home, away] = cluster.nodes as [TrialNode, TrialNode];
    source = await takeSource();
    const probed = await run(home, { kind: "probe", source, holders: [], allowDamaged: false });
    const made = probed.pieces[0]?.content;
    assert.ok(made?.kind === "timeline" && probed.probe !== null);
    [timeline, probe] = [made.timeline, probed.probe];
    for (const [index, firstSegment] of [0, 1].entries()) {
      const chunk = { index, firstSegment, segmentCount: index + 1 };
      const made = { source, timeline, holders: [], chunk, rungs: [small, large], preRollKeyframes: 2, edition: 0 };
      videos.push(...(await run(home, { kind: "transcode", ...made })).pieces);
    }
  });

  after(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  async function takeSource(): Promise<SourceRef> {
    const path = join(home.store.uploadFolder, "clip.mkv");
    const text = join(home.store.uploadFolder, "clip.srt");
    await writeFile(text, subRip);
    const inputs = ["-i", clip, "-i", text, "-t", "14", "-map", "0:v", "-map", "1"];
    execFileSync("ffmpeg", ["-v", "error", ...inputs, "-c", "copy", "-y", path]);
    const taken = await home.store.adoptSource(path);
    const content = { kind: "source", ...taken } as const;
    await home.store.recordPiece(assetId, { id: sourcePieceId, content, toolchain: "", madeBy: home.nodeId });
    return taken;
  }

  function manifestOf(pieces: readonly Piece[]): Manifest {
    const measured = { bandwidthBps: 1, averageBandwidthBps: 1, codecs: "", frameRate: 24 };
    return {
      ...{ assetId, version: 1, title: "", complete: false, probe, audio: [], pieces, fromChunk: 0 },
      renditions: [large, small].map((rung) => ({ rung, ...measured })),
      ...{ releasedChunks: pieces.length, totalChunks: 2, homeNodeIds: [home.nodeId] },
      ...{ deleted: false, text: [textTarget], extras: [], edition: 0, previous: [] },
    };
  }

  async function run(node: TrialNode, work: Work, manifest?: Manifest): Promise<TaskResult> {
    return await runTrialWork(node, work, { assetId, tools, ...(manifest === undefined ? {} : { manifest }) });
  }

  async function makeText(node: TrialNode): Promise<TextContent> {
    const holders = [home.nodeId];
    const work = { source, timeline, holders, target: textTarget, chunkSegments: [1, 2] };
    const { pieces } = await run(node, { kind: "text", ...work });
    const content = pieces[0]?.content;
    assert.ok(pieces.length === 1 && content?.kind === "text");
    assert.deepEqual(node.store.getPiece(assetId, pieces[0]!.id), keptOf(pieces[0]!));
    return content;
  }

  async function makeImages(node: TrialNode, manifest: Manifest): Promise<ImagesContent> {
    const work: Work = { kind: "images", target: imagesTarget, holders: [home.nodeId], edition: 0 };
    const { pieces } = await run(node, work, manifest);
    const content = pieces[0]?.content;
    assert.ok(pieces.length === 1 && content?.kind === "images");
    assert.deepEqual(node.store.getPiece(assetId, "images" as Piece["id"]), keptOf(pieces[0]!));
    return content;
  }

  it("makes a file of text for each chunk, the same on a node without the source", async () => {
    const content = await makeText(away);
    assert.equal(content.track, 3);
    const files = await Promise.all(content.chunks.map(({ sha256 }) => away.store.read(sha256)));
    const header = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n";
    const across = "00:00:05.500 --> 00:00:06.500\nacross\n";
    assert.deepEqual(files.map(String), [
      `${header}00:00:01.000 --> 00:00:02.000\n<i>first</i>\n\n${across}`,
      `${header}${across}`,
    ]);
    assert.deepEqual(await makeText(home), content);
  });

  it("makes text of a file beside the source, which nobody needs for it", async () => {
    const target: TextTarget = { ...textTarget, origin: "file", file: 1 };
    const work: Work = { kind: "text", source: null, timeline, holders: [home.nodeId], target, chunkSegments: [1, 2] };
    const content = Buffer.from("1\n00:00:13,500 --> 00:01:00,000\n<b>Gr\u00fc\u00dfe</b> {\\an8}\n", "latin1");
    const { pieces } = await runTrialWork(away, work, { assetId, tools, subtitles: { name: "de.srt", content } });
    const made = pieces[0]?.content;
    assert.ok(made?.kind === "text" && made.chunks.length === 2);
    const last = String(await away.store.read(made.chunks[1]!.sha256));
    assert.ok(last.endsWith("\n\n00:00:13.500 --> 00:00:14.083\n<b>Grüße</b>\n"), last);
    const none = { name: "none.srt", content: Buffer.from("no cue") };
    const failing = runTrialWork(away, work, { assetId, tools, subtitles: none });
    await assert.rejects(failing, { code: "not_media", message: /none\.srt/ });
    await assert.rejects(runTrialWork(away, work, { assetId, tools }), { code: "not_found" });
    const cues = Array.from({ length: 100 }, (_, at) => `00:00:01,000 --> 00:00:02,000\n${at}${" all".repeat(200)}\n`);
    const dense = { name: "all.srt", content: Buffer.from(cues.join("\n")) };
    await assert.rejects(runTrialWork(away, work, { assetId, tools, subtitles: dense }), {
      ...{ code: "media_limit", message: /from 0\.000 s to 6\.\d+ s; it may have 65536 there/ },
    });
  });

  it("makes poster and thumbnails, the same on a node that has no chunk", async () => {
    const content = await makeImages(away, manifestOf(videos));
    const { poster, sheets, ...form } = content;
    assert.deepEqual(form, {
      ...{ kind: "images", columns: 10, rows: 10, width: 160, height: 90, intervalMs: 5000, thumbnails: 3 },
    });
    assert.deepEqual(
      [poster, ...sheets].map(({ width, height }) => [width, height]),
      [
        [256, 144],
        [1600, 90],
      ],
    );
    for (const image of [poster, ...sheets]) {
      assert.deepEqual(jpegSize(await away.store.read(image.object.sha256)), {
        width: image.width,
        height: image.height,
      });
    }
    assert.deepEqual(await makeImages(home, manifestOf(videos)), content);
  });

  it("goes by the kept manifest when that is whole, and is put off while none is", async () => {
    const work: Work = { kind: "images", target: imagesTarget, holders: [], edition: 0 };
    await assert.rejects(run(home, work, manifestOf(videos.slice(0, 1))), { code: "unavailable" });
    await home.store.keepManifest(manifestOf(videos));
    assert.equal((await run(home, work)).pieces.length, 1);
    const target = { ...imagesTarget, thumbnailRung: "1080p" };
    await assert.rejects(run(home, { ...work, target }), { code: "not_found" });
  });

  it("fails where the source has no such track, and keeps nothing", async () => {
    const target = { ...textTarget, track: 4, stream: 1 };
    const work: Work = { kind: "text", source, timeline, holders: [], target, chunkSegments: [1, 2] };
    await assert.rejects(run(home, work), { code: "not_found" });
    assert.equal(home.store.getPiece(assetId, "text-4" as Piece["id"]), null);
  });

  it("leaves nothing in the scratch folders", async () => {
    for (const node of cluster.nodes) assert.deepEqual(await readdir(join(node.folder, "scratch")), []);
  });
});
