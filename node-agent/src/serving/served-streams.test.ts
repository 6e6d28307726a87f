// What is served, as ffmpeg's own readers of HLS and DASH see it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { parse } from "hls-parser";
import type { types } from "hls-parser";
import type { Manifest } from "@vstream/core/media.ts";
import { openFolder, patienceMs, probeLines } from "../media/trial-media.fixture.ts";
import { encodeRealAsset } from "./real-asset.fixture.ts";
import { TrialCluster, fetchRaw, openTrialNode } from "./trial-serving.fixture.ts";
import type { Fetched, TrialNode } from "./trial-serving.fixture.ts";

const run = promisify(execFile);

/** Decodes one stream; the hash of each of its pictures or blocks of sound. What ffmpeg complains of fails it. */
async function hashes(url: string, stream: string): Promise<string[]> {
  const args = ["-nostdin", "-v", "warning", "-xerror", "-i", url, "-map", `0:${stream}`, "-f", "framehash", "-"];
  const { stdout, stderr } = await run("ffmpeg", args, { maxBuffer: 1e8, timeout: patienceMs });
  assert.equal(stderr, "");
  return stdout
    .split("\n")
    .flatMap((line) => (line.startsWith("#") || line === "" ? [] : [line.split(", ").at(-1) ?? ""]));
}

describe("what is served of a real clip", function () {
  this.timeout(patienceMs);
  const cluster = new TrialCluster();
  let node: TrialNode;
  let manifest: Manifest;
  const url = (path: string): string => `${node.url}/v/${manifest.assetId}/${path}`;
  const get = (path: string, headers: Record<string, string> = {}): Promise<Fetched> =>
    fetchRaw(node.url, `/v/${manifest.assetId}/${path}`, { headers });
  const text = async (path: string): Promise<string> => {
    const answer = await get(path);
    assert.equal(answer.status, 200, `${path}: ${answer.body.toString()}`);
    return answer.body.toString();
  };

  before(async () => {
    node = await openTrialNode(cluster);
    manifest = { ...(await encodeRealAsset(node.store)), homeNodeIds: [node.nodeId] };
    await node.store.keepManifest(manifest);
  });
  after(() => node[Symbol.asyncDispose]());

  it("is the same pictures and sound in DASH as in HLS, all of them, without a warning", async () => {
    for (const [index, rung] of ["tiny", "small"].entries()) {
      const pictures = await hashes(url(`video/${rung}.m3u8`), "v:0");
      assert.equal(pictures.length, manifest.probe.video.frames);
      assert.deepEqual(await hashes(url("manifest.mpd"), `v:${String(index)}`), pictures);
    }
    const sound = await hashes(url("audio/0.m3u8"), "a:0");
    assert.ok(sound.length * 1024 >= manifest.probe.durationSeconds * 48_000);
    assert.deepEqual(await hashes(url("manifest.mpd"), "a:0"), sound);
  });

  it("has in DASH every track, as what it is", async () => {
    const args = ["-v", "error", "-show_streams", "-of", "json", url("manifest.mpd")];
    const { stdout } = await run("ffprobe", args, { timeout: patienceMs });
    const { streams } = JSON.parse(stdout) as { streams: Record<string, unknown>[] };
    const keys = ["codec_name", "width", "height", "r_frame_rate", "sample_aspect_ratio", "channels"];
    assert.deepEqual(
      streams.map((stream) => keys.map((key) => stream[key])),
      [
        ["h264", 128, 72, "24/1", "1:1", undefined],
        ["h264", 192, 108, "24/1", "1:1", undefined],
        ["aac", undefined, undefined, "0/0", undefined, 2],
        ["webvtt", undefined, undefined, "0/0", undefined, undefined],
      ],
    );
    assert.deepEqual(
      streams.slice(2).map(({ tags }) => tags),
      [0, 1].map((at) => ({ ...(streams[at + 2]?.["tags"] as object), language: "en" })),
    );
  });

  it("has I-frames each of which is a picture by itself, at its time", async () => {
    await using folder = await openFolder();
    for (const rung of ["tiny", "small"]) {
      const playlist = parse(await text(`iframes/${rung}.m3u8`)) as types.MediaPlaylist;
      assert.equal(playlist.segments.length, Math.ceil(manifest.probe.durationSeconds / 2));
      const init = (await get((playlist.segments[0]?.map.uri ?? "").replace("../", ""))).body;
      let seconds = 0;
      for (const { uri, byterange, duration } of playlist.segments) {
        const { offset, length } = byterange;
        const part = await get(uri.replace("../", ""), {
          range: `bytes=${String(offset)}-${String(offset + length - 1)}`,
        });
        assert.equal(part.status, 206);
        const path = folder.path("picture.mp4");
        await writeFile(path, Buffer.concat([init, part.body]));
        const pictures = await probeLines(path, ["-show_entries", "frame=pts_time,pict_type,key_frame"]);
        assert.deepEqual(pictures, [["1", seconds.toFixed(6), "I"]]);
        seconds += duration;
      }
      assert.ok(Math.abs(seconds - manifest.probe.durationSeconds) < 1e-5);
    }
  });

  it("has an I-frame rate that its pictures have", async () => {
    const { variants } = parse(await text("index.m3u8")) as types.MasterPlaylist;
    const told = variants.find(({ isIFrameOnly, uri }) => isIFrameOnly && uri.includes("tiny"))!;
    const { segments } = parse(await text("iframes/tiny.m3u8")) as types.MediaPlaylist;
    const bits = segments.reduce((sum, { byterange }) => sum + byterange.length * 8, 0);
    const seconds = segments.reduce((sum, { duration }) => sum + duration, 0);
    const { bandwidth, averageBandwidth = 0 } = told;
    assert.ok(Math.abs(averageBandwidth - bits / seconds) <= 1);
    assert.ok(bandwidth >= averageBandwidth);
  });

  it("has text that ffmpeg reads at the times that were written", async () => {
    const cues = async (path: string): Promise<string[]> => {
      const lines = await probeLines(url(path), [
        "-select_streams",
        "s:0",
        "-show_entries",
        "packet=pts_time,duration_time",
      ]);
      return lines.map((line) => line.join(" "));
    };
    const written = ["1.000000 1.000000", "5.000000 2.000000", "13.000000 0.900000"];
    assert.deepEqual(await cues("text/0.vtt"), written);
    assert.deepEqual([...new Set(await cues("text/0.m3u8"))], written);
  });

  it("is in DASH while it grows what is released", async () => {
    await using other = await openTrialNode(cluster);
    const pieces = manifest.pieces.filter(({ id }) => id.endsWith("00000"));
    const growing = {
      ...manifest,
      pieces,
      complete: false,
      releasedChunks: 1,
      homeNodeIds: [other.nodeId, node.nodeId],
    };
    await other.store.keepManifest(growing);
    const answer = await fetchRaw(other.url, `/v/${manifest.assetId}/manifest.mpd`);
    assert.match(answer.body.toString(), / type="dynamic" /);
    assert.equal(answer.body.toString().match(/<SegmentURL /g)?.length, 3);
    const path = `${other.url}/v/${manifest.assetId}/manifest.mpd`;
    const args = ["-v", "error", "-read_intervals", "%+1", "-select_streams", "v:0", "-show_entries", "stream=width"];
    const { stdout } = await run("ffprobe", [...args, "-of", "csv=p=0", path], { timeout: patienceMs });
    assert.match(stdout, /128/);
  });
});
