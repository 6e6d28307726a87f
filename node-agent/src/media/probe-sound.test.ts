import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { byteRangesFor } from "./plan-chunk.ts";
import { probeSource } from "./probe.ts";
import type { ProbedSource } from "./probe.ts";
import { decodeTimeline, encodeTimeline } from "./timeline-codec.ts";
import { transcodeChunk } from "./transcode-chunk.ts";
import type { EncodedChunk } from "./transcode-chunk.ts";
import { clip, cutFile, joinSegments, makeSource, never, openFolder } from "./trial-media.fixture.ts";
import { patienceMs, probeFile, probeLines, sse2Script, tinyRung, tools } from "./trial-media.fixture.ts";
import { clicking, clicksIn, encodeTrack, hear } from "./trial-sound.fixture.ts";
import type { Folder } from "./trial-sound.fixture.ts";

async function encodeAll({ probe, timeline }: ProbedSource, folder: Folder): Promise<EncodedChunk[]> {
  const chunks: EncodedChunk[] = [];
  for (let segment = 0; segment < probe.segments; segment += 1) {
    const scratchFolder = folder.path(`chunk-${segment}-${Math.random()}`);
    await mkdir(scratchFolder);
    chunks.push(
      await transcodeChunk({
        ...{ tools, sourcePath: folder.path("not there"), timeline: decodeTimeline(encodeTimeline(timeline)) },
        ...{ chunk: { index: segment, firstSegment: segment, segmentCount: 1 }, rungs: [tinyRung] },
        ...{ preRollKeyframes: 2, scratchFolder, signal: never() },
      }),
    );
  }
  return chunks;
}

/** The pictures as a player gets them. */
async function joinChunks(chunks: readonly EncodedChunk[], path: string): Promise<void> {
  const renditions = chunks.flatMap(({ renditions: [rendition] }) => rendition ?? []);
  const segments = renditions.flatMap((rendition) => rendition.segments.map((segment) => segment.path));
  await joinSegments(path, [renditions[0]?.initPath ?? "", ...segments]);
}

/** Red, green and blue in the middle of the first picture. */
async function middleOf(film: string, folder: Folder): Promise<number[]> {
  const path = folder.path("middle");
  await makeSource(["-i", film, "-vf", "crop=2:2,format=rgb24", "-frames:v", "1", "-f", "rawvideo", path]);
  return [...(await readFile(path)).subarray(0, 3)];
}

describe("sources of sound alone", function () {
  this.timeout(patienceMs);

  it("are as long as their sound, whatever container they are in", async () => {
    await using folder = await openFolder();
    for (const [name, codec, rate, seconds] of [
      ["a.flac", "flac", 44_100, 5],
      ["b.wav", "pcm_s16le", 8_000, 5],
      ["c.m4a", "aac", 48_000, 5],
      ["d.mp3", "libmp3lame", 44_100, 5],
      ["e.ogg", "libvorbis", 48_000, 5],
      ["f.webm", "libopus", 48_000, 5],
      // Whole frames, and what the encoder puts in front: 236 of 1024, 157 of 1536.
      ["g.aac", "aac", 48_000, (236 * 1024) / 48_000],
      ["h.ac3", "ac3", 48_000, (157 * 1536) / 48_000],
      ["i.aiff", "pcm_s16be", 22_050, 5],
      ["j.mka", "flac", 96_000, 5],
      ["k.wv", "wavpack", 48_000, 5],
      ["l.tta", "tta", 48_000, 5],
      ["m.au", "pcm_s16be", 16_000, 5],
      ["n.dts", "dca", 48_000, (469 * 512) / 48_000],
    ] as const) {
      await makeSource([...clicking({ rate }), "-c:a", codec, "-strict", "-2", folder.path(name)]);
      const { probe } = await probeFile(folder.path(name));
      assert.ok(Math.abs(probe.durationSeconds - seconds) < 0.022, `${name}: ${probe.durationSeconds}`);
      assert.deepEqual(
        [probe.segments, probe.audio.map(({ track, channels, sampleRate }) => [track, channels, sampleRate])],
        [1, [[0, 1, rate]]],
        name,
      );
      assert.deepEqual([probe.video.width, probe.video.height, probe.video.frameRate], [1280, 720, 2]);
    }
  });

  it("become films of one picture, without a gap, of which the sound is in its place", async () => {
    await using folder = await openFolder();
    const sourcePath = folder.path("long.mp3");
    await makeSource([...clicking({ seconds: 14 }), "-c:a", "libmp3lame", sourcePath]);
    const source = await probeFile(sourcePath);
    const chunks = await encodeAll(source, folder);
    const segments = chunks.flatMap(({ renditions }) => renditions[0]?.segments ?? []);
    const times = segments.map(({ startTicks, durationTicks }) => [startTicks / 48_000, durationTicks / 48_000]);
    assert.deepEqual(
      times.map(([start]) => start),
      [0, 6, 12],
    );
    assert.ok(Math.abs((times[2]?.[1] ?? 0) - 2) < 0.001);
    for (const [index, { joint }] of chunks.entries()) {
      assert.equal(joint.beforeFirst, index === 0 ? "" : chunks[index - 1]?.joint.last);
    }
    const film = folder.path("film.mp4");
    await joinChunks(chunks, film);
    const [counted] = await probeLines(film, ["-count_frames", "-show_entries", "stream=nb_read_frames"]);
    assert.deepEqual(counted, [String(source.probe.video.frames)]);
    const made = await encodeTrack({ sourcePath, folder, timeline: source.timeline });
    assert.equal(made.segments, 3);
    const heard = clicksIn((await hear(made, folder))[0]!).filter((at) => at > 0.5);
    assert.equal(heard.length, 13);
    for (const [index, at] of heard.entries()) assert.ok(Math.abs(at - index - 1) < 0.001, heard.join(" "));
  });

  it("need nothing of the source for their pictures", async () => {
    const { timeline } = await probeFile(clip("audio-only.flac"));
    const chunk = { index: 0, firstSegment: 0, segmentCount: 1 };
    assert.deepEqual(byteRangesFor(timeline, chunk, { preRollKeyframes: 2, sourceBytes: 1e9 }), []);
  });

  it("have keyframes every 2 s and a last frame that ends with the sound", async () => {
    await using folder = await openFolder();
    for (const [seconds, segments] of [
      [0.00025, 1],
      [0.3, 1],
      [6.4, 1],
      [6.6, 2],
    ] as const) {
      const sourcePath = folder.path("short.wav");
      await makeSource(["-f", "lavfi", "-i", `aevalsrc=0.5:s=48000:d=${seconds}`, sourcePath]);
      const source = await probeFile(sourcePath);
      assert.ok(Math.abs(source.probe.durationSeconds - Math.max(seconds, 1 / 60)) < 0.001, `${seconds}`);
      assert.equal(source.probe.segments, segments);
      assert.ok(source.probe.video.frameRate <= 60);
      await encodeAll(source, folder);
      const made = await encodeTrack({ sourcePath, folder, timeline: source.timeline });
      assert.equal(made.segments, segments);
    }
  });

  it("show their cover, and a waveform where there is none that can be shown", async () => {
    await using folder = await openFolder();
    const red = ["-f", "lavfi", "-i", "color=red:s=300x300:d=1:r=1"];
    const marked = ["-map", "0:a", "-map", "1:v", "-frames:v", "1", "-disposition:v:0", "attached_pic"];
    for (const [name, codecs] of [
      ["a.mp3", ["-c:a", "libmp3lame", "-c:v", "mjpeg"]],
      ["b.m4a", ["-c:a", "aac", "-c:v", "png"]],
      ["c.flac", ["-c:a", "flac", "-c:v", "png"]],
      // Not said to be a cover: a track of one picture.
      ["d.mkv", ["-c:a", "flac", "-c:v", "mjpeg", "-disposition:v:0", "0"]],
    ] as const) {
      const sourcePath = folder.path(name);
      await makeSource([...clicking({ seconds: 2 }), ...red, ...marked, ...codecs, sourcePath]);
      const source = await probeFile(sourcePath);
      await joinChunks(await encodeAll(source, folder), folder.path("film.mp4"));
      const [r = 0, g = 255, b = 255] = await middleOf(folder.path("film.mp4"), folder);
      assert.ok(r > 220 && g < 40 && b < 40, `${name}: ${r} ${g} ${b}`);
    }
    const bytes = await readFile(folder.path("a.mp3"));
    const cover = bytes.indexOf(Buffer.from([0xff, 0xd8]));
    bytes.fill(0, cover + 2, cover + 400);
    await writeFile(folder.path("bad.mp3"), bytes);
    const source = await probeFile(folder.path("bad.mp3"));
    await joinChunks(await encodeAll(source, folder), folder.path("film.mp4"));
    const [r = 0, , b = 0] = await middleOf(folder.path("film.mp4"), folder);
    assert.ok(b > r, `${r} ${b}`);
  });

  it("are the same film whenever and wherever they are probed", async () => {
    await using folder = await openFolder();
    const ffmpegPath = folder.path("ffmpeg-sse2");
    await writeFile(ffmpegPath, `#!/bin/sh\n${sse2Script}\n`, { mode: 0o755 });
    const sourcePath = folder.path("covered.flac");
    const cover = ["-f", "lavfi", "-i", "testsrc2=s=500x300:d=1:r=1", "-map", "0", "-map", "1", "-frames:v", "1"];
    await makeSource([...clicking(), ...cover, "-c:v", "png", "-disposition:v:0", "attached_pic", sourcePath]);
    for (const path of [clip("audio-only.flac"), sourcePath]) {
      const one = encodeTimeline((await probeFile(path)).timeline);
      const target = { tools: { ...tools, ffmpegPath }, sourcePath: path, sourceBytes: 1_000_000, signal: never() };
      assert.deepEqual(encodeTimeline((await probeSource(target)).timeline), one);
    }
  });

  it("leave out streams that give nothing, and are refused when none gives anything", async () => {
    await using folder = await openFolder();
    const noise = ["-bsf:a:1", "noise=amount=1"];
    const two = [...clicking(), "-map", "0", "-map", "0", "-c:a:0", "flac", "-c:a:1", "aac", ...noise];
    await makeSource([...two, folder.path("half.mka")]);
    const { probe } = await probeFile(folder.path("half.mka"));
    assert.deepEqual([probe.audio.map(({ track }) => track), probe.warnings.length], [[0], 1]);
    await makeSource([...clicking(), "-c:a", "aac", "-bsf:a", "noise=amount=1", folder.path("none.mka")]);
    await assert.rejects(probeFile(folder.path("none.mka")), { code: "source_damaged" });
  });

  it("are refused when they were cut off", async () => {
    await using folder = await openFolder();
    for (const name of ["a.flac", "b.wav", "c.mka"]) {
      await makeSource(["-f", "lavfi", "-i", "anoisesrc=d=8", folder.path(name)]);
      await assert.doesNotReject(probeFile(folder.path(name)), name);
      await cutFile(folder.path(name), folder.path(`cut-${name}`), 0.7);
      await assert.rejects(probeFile(folder.path(`cut-${name}`)), { code: "source_truncated" }, name);
    }
  });

  it("are shown from where their sound begins, be it late", async () => {
    await using folder = await openFolder();
    const sourcePath = folder.path("late.mka");
    await makeSource(["-itsoffset", "7", ...clicking(), "-c:a", "flac", sourcePath]);
    const { probe, timeline } = await probeFile(sourcePath);
    assert.ok(Math.abs(probe.durationSeconds - 5) < 0.002);
    const made = await encodeTrack({ sourcePath, folder, timeline });
    const heard = clicksIn((await hear(made, folder))[0]!).filter((at) => at > 0.5);
    for (const [index, at] of heard.entries()) assert.ok(Math.abs(at - index - 1) < 0.002, heard.join(" "));
  });
});
