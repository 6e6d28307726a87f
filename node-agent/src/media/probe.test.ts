import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { inputGuard } from "./input-args.ts";
import { clip, cutFile, makeSource, openFolder, probeFile, probeLines, patienceMs } from "./trial-media.fixture.ts";

const bbb = clip("bbb-480p-30s.mp4");

describe("probing a source", function () {
  this.timeout(patienceMs);

  it("tells what a film is", async () => {
    const { probe, timeline } = await probeFile(bbb);
    assert.deepEqual(probe, {
      format: "mov",
      durationSeconds: 30,
      video: {
        ...{ width: 854, height: 480, codec: "h264", frameRate: 24, timeScale: 12_288, ticksPerFrame: 512 },
        ...{ frames: 720, interlaced: false, pixelFormat: "yuv420p", videoRange: "SDR" },
      },
      audio: [{ track: 0, codec: "aac", language: "", name: "", channels: 6, sampleRate: 48_000, defaultTrack: true }],
      segments: 5,
      longestSegmentSeconds: 6,
      text: [],
      damaged: false,
      chapters: [],
      warnings: [],
    });
    assert.deepEqual([...timeline.keyframes], [0, 128_000, 145_920, 193_536, 283_136]);
  });

  it("shows a picture as it is to be seen", async () => {
    const { video } = (await probeFile(clip("rotate-and-reflect.mp4"))).probe;
    assert.deepEqual([video.width, video.height], [720, 1080]);
  });

  it("takes frames by decoding where packets do not tell", async () => {
    const { probe, timeline } = await probeFile(clip("mpeg4-mp3.avi"));
    assert.deepEqual([probe.video.timeScale, probe.video.ticksPerFrame, probe.video.frames], [24_000, 1001, 96]);
    // Two frames are left out after the first: their times stay empty.
    assert.deepEqual([...timeline.plan.subarray(0, 3)], [0, 3003, 4004]);
  });

  it("starts where the source's first frame is", async () => {
    const { probe, timeline } = await probeFile(clip("firstpts-10s.mp4"));
    assert.deepEqual([timeline.pts[0], timeline.plan[0], probe.durationSeconds], [153_600, 0, 4]);
  });

  it("leaves out what cannot be decoded at the start of a recording", async () => {
    await using folder = await openFolder();
    const recording = folder.path("cut.ts");
    // Copied from between two keyframes: the first pictures refer to what is not there.
    await makeSource(["-i", bbb, "-c", "copy", "-an", "-copyinkf", "-ss", "9", "-t", "6", recording]);
    const { timeline } = await probeFile(recording);
    assert.ok(timeline.pts.length > 90 && timeline.pts.length < 120, `${timeline.pts.length} frames`);
  });

  it("takes every second frame of 120 a second", async () => {
    await using folder = await openFolder();
    const fast = folder.path("fast.mp4");
    await makeSource(["-f", "lavfi", "-i", "testsrc2=r=120:s=128x72:d=1", "-c:v", "mpeg4", fast]);
    const { probe, timeline } = await probeFile(fast);
    assert.deepEqual([probe.video.frames, probe.video.frameRate, timeline.picture.keepEvery], [60, 60, 2]);
  });

  it("hears sound that begins long after the pictures", async () => {
    await using folder = await openFolder();
    const late = folder.path("late.flv");
    const sound = ["-itsoffset", "14", "-f", "lavfi", "-i", "sine=r=44100:d=4"];
    const pictures = ["-f", "lavfi", "-i", "testsrc2=r=25:s=640x360:d=18"];
    await makeSource([...pictures, ...sound, "-c:v", "flv1", "-q:v", "2", "-c:a", "aac", late]);
    const { probe } = await probeFile(late);
    assert.deepEqual([probe.audio.map(({ channels }) => channels), probe.warnings], [[1], []]);
    // Every other run sees the same.
    const args = [...inputGuard, "-select_streams", "a:0", "-show_entries", "stream=channels"];
    assert.deepEqual(await probeLines(late, args), [["1"]]);
  });
});

describe("refusing a source", function () {
  this.timeout(patienceMs);

  it("happens for what is no media, and for playlists and scripts with a film's name", async () => {
    await using folder = await openFolder();
    const path = folder.path("film.mp4");
    const playlist = `#EXTM3U\n#EXT-X-TARGETDURATION:30\n#EXTINF:30,\n${bbb}\n#EXT-X-ENDLIST\n`;
    for (const content of ["hello\n", playlist, `ffconcat version 1.0\nfile ${bbb}\n`, "\0".repeat(5000)]) {
      await writeFile(path, content);
      await assert.rejects(probeFile(path), { code: "not_media" }, content.slice(0, 20));
    }
  });

  it("happens for an empty file", async () => {
    await using folder = await openFolder();
    await writeFile(folder.path("empty"), "");
    await assert.rejects(probeFile(folder.path("empty")), { code: "source_empty" });
  });

  it("happens for a file that was cut off, whatever its container", async () => {
    await using folder = await openFolder();
    const cut = folder.path("cut");
    for (const [name, options] of [
      ["a.mp4", ["-movflags", "+faststart"]],
      ["b.mp4", ["-movflags", "+frag_keyframe+empty_moov"]],
      ["c.mkv", []],
      ["d.avi", []],
      ["e.flv", []],
    ] as const) {
      await makeSource(["-t", "12", "-i", bbb, "-c", "copy", ...options, folder.path(name)]);
      await assert.doesNotReject(probeFile(folder.path(name)), name);
      for (const share of [0.6, 0.9]) {
        await cutFile(folder.path(name), cut, share);
        await assert.rejects(probeFile(cut), { code: "source_truncated" }, `${name} at ${share}`);
      }
    }
    await cutFile(bbb, cut, 0.6);
    await assert.rejects(probeFile(cut), { code: "source_truncated" });
  });

  it("does not happen for an mdat box that lies, nor for an edit list", async () => {
    await using folder = await openFolder();
    await assert.doesNotReject(probeFile(clip("mdat-too-long.mp4")));
    await makeSource(["-ss", "11", "-i", bbb, "-c", "copy", "-t", "8", folder.path("edited.mp4")]);
    await assert.doesNotReject(probeFile(folder.path("edited.mp4")));
  });

  it("happens for pictures, tracks and lengths beyond the limits", async () => {
    await using folder = await openFolder();
    const path = folder.path("big.mkv");
    const still = ["-f", "lavfi", "-i", "color=s=64x64:r=1:d=2"];
    await makeSource(["-f", "lavfi", "-i", "color=s=9000x5000:r=1:d=1", "-c:v", "mjpeg", path]);
    await assert.rejects(probeFile(path), { code: "media_limit", message: /9000x5000/ });
    await makeSource([...still, ...Array.from({ length: 66 }, () => ["-map", "0:v"]).flat(), "-c:v", "mpeg4", path]);
    await assert.rejects(probeFile(path), { code: "media_limit", message: /66 tracks/ });
    await makeSource([...still, "-vf", "setpts=N*90000/TB", "-fps_mode", "passthrough", "-c:v", "mjpeg", path]);
    await assert.rejects(probeFile(path), { code: "media_limit", message: /h are allowed/ });
  });
});
