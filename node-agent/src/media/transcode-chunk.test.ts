import assert from "node:assert/strict";
import { mkdir, open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import type { Rung } from "@vstream/core/media.ts";
import { byteRangesFor, wholeSourceBytes } from "./plan-chunk.ts";
import type { ProbedSource } from "./probe.ts";
import { transcodeChunk } from "./transcode-chunk.ts";
import type { EncodedChunk } from "./transcode-chunk.ts";
import {
  clip,
  joinSegments,
  makeSource,
  never,
  openFolder,
  probeFile,
  probeLines,
  sse2Script,
  tinyRung,
  tools,
  patienceMs,
} from "./trial-media.fixture.ts";

interface Trial {
  readonly sourcePath: string;
  readonly source: ProbedSource;
  readonly folder: { path: (name: string) => string };
  readonly rungs?: readonly Rung[];
  readonly preRollKeyframes?: number;
  readonly ffmpegPath?: string;
}

async function encode(trial: Trial, firstSegment: number, segmentCount = 1): Promise<EncodedChunk> {
  const scratchFolder = trial.folder.path(`chunk-${firstSegment}-${Math.random()}`);
  await mkdir(scratchFolder);
  return await transcodeChunk({
    ...{ sourcePath: trial.sourcePath, timeline: trial.source.timeline, scratchFolder, signal: never() },
    ...{ rungs: trial.rungs ?? [tinyRung], preRollKeyframes: trial.preRollKeyframes ?? 2 },
    tools: { ...tools, ffmpegPath: trial.ffmpegPath ?? "ffmpeg" },
    chunk: { index: firstSegment, firstSegment, segmentCount },
  });
}

async function encodeAll(trial: Trial): Promise<EncodedChunk[]> {
  const chunks: EncodedChunk[] = [];
  for (let segment = 0; segment < trial.source.probe.segments; segment += 1) chunks.push(await encode(trial, segment));
  return chunks;
}

async function bytesOf(chunk: EncodedChunk): Promise<Buffer[]> {
  const files = chunk.renditions.flatMap(({ initPath, segments }) => [initPath, ...segments.map(({ path }) => path)]);
  return await Promise.all(files.map((file) => readFile(file)));
}

/** Every frame once, at its planned time, no gap between segments, one init, each joint proved. */
async function checkWhole(trial: Trial, chunks: readonly EncodedChunk[]): Promise<void> {
  const { timeline } = trial.source;
  const renditions = chunks.map((chunk) => chunk.renditions[0]!);
  let next = 0;
  for (const { startTicks, durationTicks } of renditions.flatMap(({ segments }) => segments)) {
    assert.equal(startTicks, next);
    next += durationTicks;
  }
  const inits = await Promise.all(renditions.map(({ initPath }) => readFile(initPath)));
  assert.ok(inits.every((init) => init.equals(inits[0]!)));
  for (const [index, { joint }] of chunks.entries()) {
    assert.equal(joint.beforeFirst, index === 0 ? "" : chunks[index - 1]?.joint.last);
  }
  const path = trial.folder.path("joined.mp4");
  await joinSegments(path, [
    renditions[0]!.initPath,
    ...renditions.flatMap(({ segments }) => segments.map((s) => s.path)),
  ]);
  const times = (await probeLines(path, ["-show_entries", "packet=pts"])).map(([pts]) => Number(pts));
  assert.deepEqual(
    times.toSorted((one, other) => one - other),
    [...timeline.plan],
  );
  const [counted] = await probeLines(path, ["-count_frames", "-show_entries", "stream=nb_read_frames"]);
  assert.deepEqual(counted, [String(timeline.pts.length)]);
}

describe("encoding chunks", function () {
  this.timeout(patienceMs);

  it("gives a film every frame once, evenly spaced, whichever chunk it fell into", async () => {
    await using folder = await openFolder();
    const sourcePath = clip("bbb-480p-30s.mp4");
    const trial = { sourcePath, source: await probeFile(sourcePath), folder };
    const chunks = await encodeAll(trial);
    assert.equal(
      chunks.reduce((sum, chunk) => sum + chunk.frames, 0),
      720,
    );
    assert.deepEqual(
      chunks.map(({ renditions }) => renditions[0]?.segments.map((s) => s.startTicks / 12_288)),
      [[0], [6], [12], [18], [24]],
    );
    assert.match(chunks[0]?.renditions[0]?.codecs ?? "", /^avc1\.[0-9A-F]{6}$/);
    await checkWhole(trial, chunks);
  });

  it("leaves nothing in its folder but what is to be kept", async () => {
    await using folder = await openFolder();
    const sourcePath = clip("bbb-480p-30s.mp4");
    const scratchFolder = folder.path("only");
    await mkdir(scratchFolder);
    const { timeline } = await probeFile(sourcePath);
    const chunk = { index: 4, firstSegment: 4, segmentCount: 1 };
    const rungs = [tinyRung, { ...tinyRung, name: "../other" }];
    await transcodeChunk({
      tools,
      sourcePath,
      timeline,
      chunk,
      rungs,
      preRollKeyframes: 2,
      scratchFolder,
      signal: never(),
    });
    const kept = ["joint.md5", "rung-0-4.m4s", "rung-0-init.mp4", "rung-1-4.m4s", "rung-1-init.mp4"];
    assert.deepEqual((await readdir(scratchFolder)).sort(), kept);
  });

  for (const name of ["mpeg4-mp3.avi", "firstpts-10s.mp4", "rotate-and-reflect.mp4", "srt-subtitles.mkv"]) {
    it(`takes ${name} whole`, async () => {
      await using folder = await openFolder();
      const trial = { sourcePath: clip(name), source: await probeFile(clip(name)), folder };
      await checkWhole(trial, await encodeAll(trial));
    });
  }

  it("keeps the times of a source with a variable rate and a hole", async () => {
    await using folder = await openFolder();
    const sourcePath = folder.path("variable.mkv");
    const jitter = "select='not(eq(mod(n,7),3))*not(between(n,100,190))',settb=1/1000,setpts='PTS+0.015*mod(N*N,3)/TB'";
    const source = ["-f", "lavfi", "-i", "testsrc2=r=25:s=128x72:d=14", "-vf", jitter, "-fps_mode", "passthrough"];
    const times = ["-enc_time_base", "1:1000"];
    await makeSource([
      ...source,
      ...times,
      "-c:v",
      "libx264",
      "-bf",
      "3",
      "-preset",
      "ultrafast",
      "-g",
      "30",
      sourcePath,
    ]);
    const trial = { sourcePath, source: await probeFile(sourcePath), folder };
    assert.equal(trial.source.timeline.variable, true);
    await checkWhole(trial, await encodeAll(trial));
  });

  it("deinterlaces alike on both sides of a cut", async () => {
    await using folder = await openFolder();
    const sourcePath = folder.path("interlaced.ts");
    const source = ["-f", "lavfi", "-i", "testsrc2=r=50:s=128x96:d=13", "-vf", "interlace"];
    await makeSource([...source, "-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-bf", "2", sourcePath]);
    const trial = { sourcePath, source: await probeFile(sourcePath), folder };
    assert.equal(trial.source.probe.video.interlaced, true);
    await checkWhole(trial, await encodeAll(trial));
  });

  it("goes further back when a keyframe turns out to be none", async () => {
    await using folder = await openFolder();
    const sourcePath = folder.path("refresh.mp4");
    const source = ["-f", "lavfi", "-i", "testsrc2=r=24:s=128x72:d=13", "-c:v", "libx264", "-preset", "veryfast"];
    await makeSource([...source, "-x264-params", "intra-refresh=1:keyint=48", sourcePath]);
    const trial = { sourcePath, source: await probeFile(sourcePath), folder, preRollKeyframes: 1 };
    const chunks = await encodeAll(trial);
    await checkWhole(trial, chunks);
  });

  it("fails, and says so, when the source has not the frames of its timeline", async () => {
    await using folder = await openFolder();
    const sourcePath = clip("firstpts-10s.mp4");
    const source = await probeFile(clip("bbb-480p-30s.mp4"));
    await assert.rejects(encode({ sourcePath, source, folder }, 1), { code: "encode_mismatch" });
  });
});

describe("the bytes of a chunk", function () {
  this.timeout(patienceMs);

  const rungs = [tinyRung, { ...tinyRung, name: "small", width: 256, height: 144, preset: "veryfast", crf: 24 }];

  it("are the same on every try, from any pre-roll, and on processors with fewer instructions", async () => {
    await using folder = await openFolder();
    const ffmpegPath = folder.path("ffmpeg-sse2");
    await writeFile(ffmpegPath, `#!/bin/sh\n${sse2Script}\n`, { mode: 0o755 });
    for (const name of ["bbb-480p-30s.mp4", "mpeg4-mp3.avi", "hlg10-0.3s.mp4"]) {
      const trial = { sourcePath: clip(name), source: await probeFile(clip(name)), folder, rungs };
      const last = trial.source.probe.segments - 1;
      const first = await bytesOf(await encode(trial, last));
      assert.deepEqual(await bytesOf(await encode({ ...trial, preRollKeyframes: 0 }, last)), first);
      assert.deepEqual(await bytesOf(await encode({ ...trial, ffmpegPath }, last)), first);
    }
  });

  it("are the same from a file that has only the parts of the source that the chunk needs", async () => {
    await using folder = await openFolder();
    for (const name of ["long.mp4", "long.mkv"]) {
      const sourcePath = folder.path(name);
      await makeSource(["-stream_loop", "4", "-i", clip("bbb-480p-30s.mp4"), "-c", "copy", sourcePath]);
      const source = await probeFile(sourcePath);
      const sourceBytes = (await stat(sourcePath)).size;
      assert.ok(sourceBytes > wholeSourceBytes);
      const chunk = { index: 12, firstSegment: 12, segmentCount: 1 };
      const ranges = byteRangesFor(source.timeline, chunk, { preRollKeyframes: 2, sourceBytes });
      const sparsePath = folder.path(`sparse-${name}`);
      assert.ok((await copyRanges(sourcePath, sparsePath, { ranges, sourceBytes })) < sourceBytes / 2);
      const whole = await bytesOf(await encode({ sourcePath, source, folder }, 12));
      assert.deepEqual(await bytesOf(await encode({ sourcePath: sparsePath, source, folder }, 12)), whole);
    }
  });
});

async function copyRanges(
  from: string,
  to: string,
  { ranges, sourceBytes }: { ranges: readonly { start: number; end: number }[]; sourceBytes: number },
): Promise<number> {
  const bytes = await readFile(from);
  await using file = await open(to, "w");
  await file.truncate(sourceBytes);
  let copied = 0;
  for (const { start, end } of ranges) copied += (await file.write(bytes, start, end - start, start)).bytesWritten;
  return copied;
}
