import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { encodeAudio } from "./encode-audio.ts";
import type { AudioSegmentFile, EncodedAudio } from "./encode-audio.ts";
import {
  clip,
  joinSegments,
  makeSource,
  never,
  openFolder,
  probeFile,
  probeLines,
  sse2Script,
  tools,
  patienceMs,
} from "./trial-media.fixture.ts";

const target = { track: 0, language: "", channels: 2, bitrateBps: 96_000, sampleRate: 48_000 };

interface Made extends EncodedAudio {
  readonly files: readonly AudioSegmentFile[];
  readonly initPath: string;
  readonly calls: number;
}

async function encode(
  sourcePath: string,
  folder: { path: (name: string) => string },
  ffmpegPath = "ffmpeg",
): Promise<Made> {
  const scratchFolder = folder.path(`audio-${Math.random()}`);
  await mkdir(scratchFolder);
  const files: AudioSegmentFile[] = [];
  let [initPath, calls] = ["", 0];
  const { timeline } = await probeFile(sourcePath);
  const encoded = await encodeAudio({
    ...{ tools: { ...tools, ffmpegPath }, sourcePath, timeline, target, scratchFolder, signal: never() },
    onSegments: async (init, segments) => {
      initPath = init.path;
      calls += 1;
      files.push(...segments);
      await Promise.resolve();
    },
  });
  return { ...encoded, files, initPath, calls };
}

function bytesOf(made: Made): Promise<Buffer[]> {
  return Promise.all([made.initPath, ...made.files.map(({ path }) => path)].map((path) => readFile(path)));
}

async function firstLoudSecond(made: Made, folder: { path: (name: string) => string }): Promise<number> {
  const [path, sound] = [folder.path("joined.mp4"), folder.path("sound")];
  await joinSegments(path, [made.initPath, ...made.files.map((file) => file.path)]);
  await makeSource(["-i", path, "-f", "f32le", "-ac", "1", sound]);
  const bytes = await readFile(sound);
  const samples = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return samples.findIndex((value) => Math.abs(value) > 0.3) / 48_000;
}

describe("encoding audio", function () {
  this.timeout(patienceMs);

  it("starts at 0, ends with the video within a frame, and has a segment for each of the video's", async () => {
    await using folder = await openFolder();
    for (const [name, seconds, segments] of [
      ["bbb-480p-30s.mp4", 30, 5],
      ["mpeg4-mp3.avi", 4.0874, 1],
      ["hlg10-0.3s.mp4", 0.3, 1],
    ] as const) {
      const made = await encode(clip(name), folder);
      assert.equal(made.codecs, "mp4a.40.2");
      assert.deepEqual(
        made.files.map(({ index }) => index),
        Array.from({ length: segments }, (_, index) => index),
        name,
      );
      let next = 0;
      for (const { startTicks, durationTicks } of made.files) {
        assert.equal(startTicks, next);
        next += durationTicks;
      }
      assert.equal(next, made.durationTicks);
      const late = made.durationTicks / made.timeScale - seconds;
      assert.ok(late > -0.001 && late < 1024 / 48_000, `${name} ends ${late} s after its video`);
    }
  });

  it("can be read whole from its first sample", async () => {
    await using folder = await openFolder();
    const made = await encode(clip("bbb-480p-30s.mp4"), folder);
    const path = folder.path("joined.mp4");
    await joinSegments(path, [made.initPath, ...made.files.map((file) => file.path)]);
    const packets = await probeLines(path, ["-show_entries", "packet=pts"]);
    assert.deepEqual([packets.length, packets[0]?.[0]], [made.durationTicks / 1024, "0"]);
  });

  it("puts sound where it belongs when it begins before or after the pictures", async () => {
    await using folder = await openFolder();
    const pictures = ["-f", "lavfi", "-i", "testsrc2=r=25:s=64x64:d=6"];
    // A click two seconds into the track.
    const click = ["-f", "lavfi", "-i", "aevalsrc='if(between(t,2,2.005),0.9,0)':s=48000:d=6"];
    for (const [inputs, clickAt] of [
      [["-itsoffset", "0.5", ...pictures, ...click], 2],
      [[...pictures, "-itsoffset", "0.7", ...click], 2.7],
    ] as const) {
      const sourcePath = folder.path("shifted.mkv");
      await makeSource([...inputs, "-c:v", "mpeg4", "-c:a", "flac", sourcePath]);
      const { timeline } = await probeFile(sourcePath);
      const videoAt = (timeline.pts[0]! * timeline.timeBase.num) / timeline.timeBase.den;
      const heardAt = await firstLoudSecond(await encode(sourcePath, folder), folder);
      assert.ok(Math.abs(heardAt - (clickAt - videoAt)) < 0.002, `${heardAt} for ${clickAt} - ${videoAt}`);
    }
  });

  it("hands over segments before it is done", async () => {
    await using folder = await openFolder();
    const made = await encode(clip("long-1080p-6min.mp4"), folder);
    assert.ok(made.calls > 1);
    assert.equal(made.files.length, 61);
  });

  it("gives the same bytes on processors with fewer instructions", async () => {
    await using folder = await openFolder();
    const ffmpegPath = folder.path("ffmpeg-sse2");
    await writeFile(ffmpegPath, `#!/bin/sh\n${sse2Script}\n`, { mode: 0o755 });
    for (const name of ["bbb-480p-30s.mp4", "mpeg4-mp3.avi"]) {
      const plain = await bytesOf(await encode(clip(name), folder));
      assert.deepEqual(await bytesOf(await encode(clip(name), folder, ffmpegPath)), plain);
    }
  });

  it("ends when its segments are not taken, with the taker's reason", async () => {
    await using folder = await openFolder();
    const sourcePath = clip("bbb-480p-30s.mp4");
    const { timeline } = await probeFile(sourcePath);
    const running = encodeAudio({
      ...{ tools, sourcePath, timeline, target, scratchFolder: folder.path("."), signal: never() },
      onSegments: () => Promise.reject(new Error("no room")),
    });
    await assert.rejects(running, /no room/);
  });

  it("is cancelled", async () => {
    await using folder = await openFolder();
    const sourcePath = clip("bbb-480p-30s.mp4");
    const { timeline } = await probeFile(sourcePath);
    const work = {
      tools,
      sourcePath,
      timeline,
      target,
      scratchFolder: folder.path("."),
      onSegments: () => Promise.resolve(),
    };
    await assert.rejects(encodeAudio({ ...work, signal: AbortSignal.timeout(100) }), { name: "TimeoutError" });
  });
});
