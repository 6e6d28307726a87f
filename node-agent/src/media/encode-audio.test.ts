import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { encodeAudio } from "./encode-audio.ts";
import { durationSeconds } from "./timeline.ts";
import type { Timeline } from "./timeline.ts";
import { clip, joinSegments, makeSource, never, openFolder } from "./trial-media.fixture.ts";
import { patienceMs, probeFile, probeLines, sse2Script, tools } from "./trial-media.fixture.ts";
import { encodeTrack, filmClock, stereo } from "./trial-sound.fixture.ts";
import type { MadeAudio } from "./trial-sound.fixture.ts";

function bytesOf(made: MadeAudio): Promise<Buffer[]> {
  return Promise.all(made.paths.map((path) => readFile(path)));
}

async function clockOf(sourcePath: string): Promise<Timeline> {
  return (await probeFile(sourcePath)).timeline;
}

describe("encoding audio", function () {
  this.timeout(patienceMs);

  it("starts at 0, ends with the video within a frame, and has a segment for each of the video's", async () => {
    await using folder = await openFolder();
    for (const [name, segments] of [
      ["bbb-480p-30s.mp4", 5],
      ["mpeg4-mp3.avi", 1],
      ["hlg10-0.3s.mp4", 1],
    ] as const) {
      const timeline = await clockOf(clip(name));
      const made = await encodeTrack({ sourcePath: clip(name), folder, timeline });
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
      const late = made.durationTicks / made.timeScale - durationSeconds(timeline);
      assert.ok(late > -0.001 && late < 1024 / 48_000, `${name} ends ${late} s after its video`);
    }
  });

  it("can be read whole from its first sample", async () => {
    await using folder = await openFolder();
    const made = await encodeTrack({ sourcePath: clip("bbb-480p-30s.mp4"), folder, timeline: filmClock(30) });
    const path = folder.path("joined.mp4");
    await joinSegments(path, made.paths);
    const packets = await probeLines(path, ["-show_entries", "packet=pts"]);
    assert.deepEqual([packets.length, packets[0]?.[0]], [made.durationTicks / 1024, "0"]);
  });

  it("hands over segments before it is done", async () => {
    await using folder = await openFolder();
    const sourcePath = clip("long-1080p-6min.mp4");
    const made = await encodeTrack({ sourcePath, folder, timeline: filmClock(362.8) });
    assert.ok(made.calls > 1);
    assert.equal(made.files.length, 61);
  });

  it("gives the same bytes on processors with fewer instructions", async () => {
    await using folder = await openFolder();
    const ffmpegPath = folder.path("ffmpeg-sse2");
    await writeFile(ffmpegPath, `#!/bin/sh\n${sse2Script}\n`, { mode: 0o755 });
    for (const name of ["bbb-480p-30s.mp4", "mpeg4-mp3.avi"]) {
      const trial = { sourcePath: clip(name), folder, timeline: filmClock(4) };
      assert.deepEqual(
        await bytesOf(await encodeTrack({ ...trial, ffmpegPath })),
        await bytesOf(await encodeTrack(trial)),
      );
    }
  });

  it("is silent where a stream turns out to give nothing", async () => {
    await using folder = await openFolder();
    const sourcePath = folder.path("damaged.mka");
    await makeSource(["-f", "lavfi", "-i", "sine=d=3", "-c:a", "aac", "-bsf:a", "noise=amount=1", sourcePath]);
    const made = await encodeTrack({ sourcePath, folder, timeline: filmClock(2) });
    assert.equal(made.durationTicks, 94 * 1024);
  });

  it("fails for a stream that is not there", async () => {
    await using folder = await openFolder();
    const trial = { sourcePath: clip("audio-only.flac"), folder, timeline: filmClock(2) };
    await assert.rejects(encodeTrack({ ...trial, target: { ...stereo, stream: 3 } }), { code: "ffmpeg_failed" });
  });

  it("fails when the decoder dies on the way, and hands out no silence in place of what it did not decode", async () => {
    await using folder = await openFolder();
    const ffmpegPath = folder.path("ffmpeg-dying");
    const decodedSeconds = 60;
    const bytes = decodedSeconds * stereo.sampleRate * stereo.channels * 4;
    for (const [death, code] of [
      ["exit 1", "ffmpeg_failed"],
      ["kill -KILL $$", "ffmpeg_killed"],
    ] as const) {
      const dying = `case "$*" in *pipe:1*) ffmpeg "$@" 2>/dev/null | head -c ${bytes}; ${death};; esac`;
      await writeFile(ffmpegPath, `#!/bin/sh\n${dying}\nexec ffmpeg "$@"\n`, { mode: 0o755 });
      const scratchFolder = folder.path(code);
      await mkdir(scratchFolder);
      const ends: number[] = [];
      const running = encodeAudio({
        ...{ tools: { ...tools, ffmpegPath }, sourcePath: clip("long-1080p-6min.mp4"), timeline: filmClock(362.8) },
        ...{ target: stereo, scratchFolder, signal: never() },
        onSegments: async (_, segments) => {
          ends.push(...segments.map(({ startTicks, durationTicks }) => startTicks + durationTicks));
          await Promise.resolve();
        },
      });
      await assert.rejects(running, { code });
      assert.ok(Math.max(0, ...ends) <= decodedSeconds * stereo.sampleRate, `${death}: ${ends.join()}`);
    }
  });

  it("ends when its segments are not taken, with the taker's reason", async () => {
    await using folder = await openFolder();
    const running = encodeAudio({
      ...{ tools, sourcePath: clip("bbb-480p-30s.mp4"), timeline: filmClock(30), target: stereo },
      ...{ scratchFolder: folder.path("."), signal: never() },
      onSegments: () => Promise.reject(new Error("no room")),
    });
    await assert.rejects(running, /no room/);
  });

  it("is cancelled at any moment", async () => {
    await using folder = await openFolder();
    for (const afterMs of [1, 60, 150, 300]) {
      const running = encodeAudio({
        ...{ tools, sourcePath: clip("long-1080p-6min.mp4"), timeline: filmClock(362.8), target: stereo },
        ...{ scratchFolder: folder.path("."), signal: AbortSignal.timeout(afterMs) },
        onSegments: () => Promise.resolve(),
      });
      await assert.rejects(running, { name: "TimeoutError" });
    }
  });
});
