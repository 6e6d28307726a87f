import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import type { AudioTarget } from "@vstream/core/media.ts";
import { clip, makeSource, openFolder, patienceMs, probeFile } from "./trial-media.fixture.ts";
import { clicking, clicksIn, encodeTrack, filmClock, hear, stereo, surround } from "./trial-sound.fixture.ts";
import type { Folder } from "./trial-sound.fixture.ts";
import type { Timeline } from "./timeline.ts";

/** When clicks are heard. */
async function heardIn(
  sourcePath: string,
  trial: { folder: Folder; timeline?: Timeline; target?: AudioTarget },
): Promise<number[]> {
  const { folder, timeline = filmClock(6), target = stereo } = trial;
  const made = await encodeTrack({ sourcePath, folder, timeline, target });
  return clicksIn((await hear(made, folder))[0]!);
}

function assertHeard(heard: readonly number[], wanted: readonly number[], seconds: number, what = ""): void {
  assert.equal(heard.length, wanted.length, `${what}: ${heard.join(" ")}`);
  for (const [index, at] of wanted.entries()) {
    assert.ok(Math.abs((heard[index] ?? NaN) - at) < seconds, `${what}: ${heard.join(" ")} for ${wanted.join(" ")}`);
  }
}

// Of the one at 0 only what a decoder makes of a first frame is heard.
const clicks = [1, 2, 3, 4];

describe("sound in its place", function () {
  this.timeout(patienceMs);

  it("is where the source has it, whatever codec, container and rate", async () => {
    await using folder = await openFolder();
    for (const [name, codec, rate, delaySeconds] of [
      ["a.wav", "pcm_u8", 8_000, 0],
      ["b.wav", "pcm_f32le", 192_000, 0],
      ["c.mov", "pcm_s24be", 48_000, 0],
      ["d.flac", "flac", 44_100, 0],
      ["e.mkv", "flac", 44_100, 0],
      ["f.m4a", "aac", 44_100, 0],
      ["g.m4a", "alac", 48_000, 0],
      ["h.webm", "libopus", 48_000, 0],
      ["i.ogg", "libvorbis", 32_000, 0],
      ["j.mp4", "eac3", 48_000, 0],
      ["o.mkv", "truehd", 48_000, 0],
      // What encoders put in front stays there where containers do not say so: 1105 samples, 256, 512, 1024.
      ["k.mp3", "libmp3lame", 44_100, 0.025],
      ["l.ts", "ac3", 48_000, 0.005],
      ["m.mkv", "dca", 48_000, 0.0105],
      ["n.aac", "aac", 48_000, 0.0213],
    ] as const) {
      const sourcePath = folder.path(name);
      const plain = ["-c:a", codec, "-strict", "-2", "-muxdelay", "0", "-muxpreload", "0"];
      await makeSource([...clicking({ rate }), ...plain, sourcePath]);
      const heard = (await heardIn(sourcePath, { folder })).filter((at) => at > 0.5);
      assertHeard(
        heard,
        clicks.map((at) => at + delaySeconds),
        0.001,
        name,
      );
    }
  });

  it("is in its place when it begins before or after the pictures", async () => {
    await using folder = await openFolder();
    const sourcePath = folder.path("shifted.mkv");
    await makeSource(["-itsoffset", "2.5", ...clicking(), "-c:a", "flac", sourcePath]);
    assertHeard(await heardIn(sourcePath, { folder, timeline: filmClock(5) }), [2.5, 3.5, 4.5], 0.001, "after");
    assertHeard(await heardIn(sourcePath, { folder, timeline: filmClock(3, 4) }), [0.5, 1.5, 2.5], 0.001, "before");
    assert.deepEqual(await heardIn(sourcePath, { folder, timeline: filmClock(2, 60) }), []);
    assert.deepEqual(await heardIn(sourcePath, { folder, timeline: filmClock(2) }), []);
  });

  it("is in its place beside real pictures", async () => {
    await using folder = await openFolder();
    const pictures = ["-f", "lavfi", "-i", "testsrc2=r=25:s=64x64:d=6"];
    for (const [inputs, shift] of [
      [["-itsoffset", "0.5", ...pictures, ...clicking()], 0],
      [[...pictures, "-itsoffset", "0.7", ...clicking()], 0.7],
    ] as const) {
      const sourcePath = folder.path("film.mkv");
      await makeSource([...inputs, "-map", "0:v", "-map", "1:a", "-c:v", "mpeg4", "-c:a", "flac", sourcePath]);
      const { timeline } = await probeFile(sourcePath);
      const videoAt = (timeline.pts[0]! * timeline.timeBase.num) / timeline.timeBase.den;
      const heard = (await heardIn(sourcePath, { folder, timeline })).filter((at) => at > 0.1);
      assertHeard(
        heard,
        [0, 1, 2, 3, 4].map((at) => at + shift - videoAt).filter((at) => at > 0.1),
        0.002,
      );
    }
  });

  it("stays in its place through gaps", async () => {
    await using folder = await openFolder();
    for (const [name, codec, ticks] of [
      ["a.mkv", "flac", 1000],
      ["b.mp4", "aac", 48_000],
      ["c.ts", "mp2", 90_000],
    ] as const) {
      const sourcePath = folder.path(name);
      const dropped = `noise=drop='between(pts,${1.4 * ticks},${3.4 * ticks})'`;
      const plain = ["-muxdelay", "0", "-muxpreload", "0"];
      await makeSource([...clicking(), "-c:a", codec, "-frame_size", "1152", "-bsf:a", dropped, ...plain, sourcePath]);
      const heard = (await heardIn(sourcePath, { folder })).filter((at) => at > 0.5);
      assertHeard(
        heard,
        [1, 4].map((at) => at + (codec === "mp2" ? 0.01 : 0)),
        0.001,
        name,
      );
    }
  });

  it("stays in its place when rate and channels change on the way", async () => {
    await using folder = await openFolder();
    const parts = [
      [48_000, 2],
      [44_100, 6],
      [44_100, 1],
    ] as const;
    const made: Buffer[] = [];
    const wanted: number[] = [];
    let start = 0;
    for (const [rate, channels] of parts) {
      const path = folder.path("part.ac3");
      await makeSource([...clicking({ rate, seconds: 3 }), "-ac", String(channels), "-c:a", "ac3", path]);
      made.push(await readFile(path));
      // AC-3 has 1536 samples in a frame, and puts 256 in front.
      wanted.push(...[1, 2].map((at) => start + at + 256 / rate));
      start += (Math.ceil((3 * rate) / 1536) * 1536) / rate;
    }
    const sourcePath = folder.path("changing.ac3");
    await writeFile(sourcePath, Buffer.concat(made));
    const near = (at: number): boolean => wanted.some((other) => Math.abs(at - other) < 0.5);
    const timeline = filmClock(9);
    const heard = (await heardIn(sourcePath, { folder, timeline })).filter(near);
    assertHeard(heard, wanted, 0.002, "in stereo");
    const track = await encodeTrack({ sourcePath, folder, timeline, target: surround });
    const channels = await hear(track, folder);
    // Left first, later in the centre, as ffmpeg makes six channels of one.
    const placed = [...clicksIn(channels[0]!).filter(near), ...clicksIn(channels[2]!).filter(near)];
    assertHeard(placed, wanted, 0.002, "in six channels");
  });

  it("stays in its place when timestamps wrap", async () => {
    await using folder = await openFolder();
    const sourcePath = folder.path("wrapping.ts");
    const pictures = ["-f", "lavfi", "-i", "testsrc2=r=25:s=64x64:d=6"];
    // 33 bits of 90 kHz are over after 95443.7 s.
    const late = ["-output_ts_offset", "95441.2", "-muxdelay", "0", "-muxpreload", "0"];
    await makeSource([...pictures, ...clicking(), "-c:v", "mpeg2video", "-c:a", "ac3", ...late, sourcePath]);
    const { timeline } = await probeFile(sourcePath);
    const heard = (await heardIn(sourcePath, { folder, timeline })).filter((at) => at > 0.5);
    assertHeard(heard, clicks, 0.001);
  });

  it("follows a clock that runs slow, within a frame of 25 a second", async () => {
    await using folder = await openFolder();
    const sourcePath = folder.path("slow.mkv");
    await makeSource([...clicking({ seconds: 20 }), "-c:a", "flac", "-bsf:a", "setts=ts=TS*1.004", sourcePath]);
    const heard = (await heardIn(sourcePath, { folder, timeline: filmClock(21) })).filter((at) => at > 0.5);
    assertHeard(
      heard,
      Array.from({ length: 19 }, (_, index) => (index + 1) * 1.004),
      0.02,
    );
  });

  it("is silent after a track that ends early, and takes a quarter of a millisecond for what it is", async () => {
    await using folder = await openFolder();
    const sourcePath = folder.path("short.wav");
    await makeSource(["-f", "lavfi", "-i", "aevalsrc=0.9:s=48000:d=0.00025", sourcePath]);
    const made = await encodeTrack({ sourcePath, folder, timeline: filmClock(3) });
    assert.equal(made.durationTicks, Math.ceil((3 * 48_000) / 1024) * 1024);
    const [left] = await hear(made, folder);
    assert.ok(left!.subarray(2048).every((value) => Math.abs(value) < 0.001));
  });

  it("takes the stream that it is asked for", async () => {
    await using folder = await openFolder();
    const sourcePath = folder.path("two.mkv");
    const late = ["-itsoffset", "0.4", ...clicking()];
    await makeSource([...clicking(), ...late, "-map", "0", "-map", "1", "-c:a", "flac", sourcePath]);
    const heard = await heardIn(sourcePath, { folder, target: { ...stereo, stream: 1 } });
    assertHeard(heard, [0.4, 1.4, 2.4, 3.4, 4.4], 0.001);
  });

  it("is heard alike in six channels", async () => {
    await using folder = await openFolder();
    const made = await encodeTrack({
      sourcePath: clip("bbb-480p-30s.mp4"),
      folder,
      timeline: filmClock(4),
      target: surround,
    });
    assert.deepEqual([made.codecs, (await hear(made, folder)).length], ["mp4a.40.2", 6]);
  });
});
