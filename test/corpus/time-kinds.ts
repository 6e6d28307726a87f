// Sources by their clocks: strange rates, strange starts, and ways to enter them.
import assert from "node:assert/strict";
import { appendFile, readFile } from "node:fs/promises";
import { h264 } from "./bed.ts";
import { encoded, made, refused } from "./kinds.ts";
import type { SourceKind } from "./kinds.ts";

/** As fast as the encoder likes; every frame keeps its time. */
const ownTimes = ["-fps_mode", "passthrough", "-an"];

/** Six pictures of the film, each for so long. */
function pictures(seconds: number): string[] {
  return ["-vf", `select='not(mod(n,32))',settb=1/1000,setpts='N*${seconds}*1000'`, "-r", `1/${seconds}`, "-an"];
}

export const timeKinds: readonly SourceKind[] = [
  encoded(
    "a screen recording: frames when something moves",
    "film.mkv",
    [
      ...["-vf", "select='not(eq(mod(n,7),3))*not(between(n,60,110))',settb=1/1000,setpts='PTS+9*mod(N*N,3)'"],
      ...[...ownTimes, "-enc_time_base", "1:1000", ...h264],
    ],
    {
      frames: [120, 125],
      rate: 15.08,
      check: ({ durationSeconds }) => {
        assert.ok(Math.abs(durationSeconds - 8) < 0.1);
      },
    },
  ),
  encoded(
    "a screen recording in which nothing moves for twenty seconds",
    "film.mkv",
    ["-vf", "settb=1/1000,setpts='PTS+20000*gte(N,96)'", ...ownTimes, "-enc_time_base", "1:1000", ...h264],
    {
      check: ({ longestSegmentSeconds }) => {
        assert.ok(longestSegmentSeconds >= 20);
      },
    },
  ),
  encoded("pictures of ten seconds each", "film.mp4", [...pictures(10), ...h264], { frames: 6, rate: 0.1 }),
  encoded("pictures of a minute each", "film.mp4", [...pictures(60), ...h264], { frames: 6, rate: 1 / 60 }),
  encoded("one picture for 35 seconds", "film.mp4", [...pictures(35), "-frames:v", "1", ...h264], {
    frames: 1,
    rate: 1 / 35,
  }),
  encoded("pictures of forty minutes each", "film.mp4", [...pictures(2400), ...h264], { frames: 6, rate: 1 / 2400 }),
  encoded("a phone's trembling clock", "film.mp4", [
    ...["-vf", "settb=1/90000,setpts='3750*N+300*mod(N*N,5)'", ...ownTimes, "-enc_time_base", "1:90000", ...h264],
    ...["-video_track_timescale", "90000"],
  ]),
  encoded("120 frames a second: every second one", "film.mp4", ["-vf", "fps=120", ...h264, "-an"], {
    frames: 480,
    rate: 60,
  }),
  encoded(
    "240 frames a second in HEVC: every fourth one",
    "film.mkv",
    [
      ...[
        "-vf",
        "setpts=PTS/10",
        "-r",
        "240",
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-x265-params",
        "log-level=error",
      ],
      "-an",
    ],
    { frames: 48, rate: 60 },
  ),
  encoded("NTSC's 59.94", "film.ts", ["-vf", "fps=60000/1001", ...h264, "-an"], { frames: [479, 480], rate: 59.94 }),
  encoded("one frame a second", "film.mp4", ["-vf", "fps=1", ...h264, "-an"], { frames: 8, rate: 1 }),
  encoded("a single frame", "film.mp4", ["-frames:v", "1", ...h264, "-an"], { frames: 1 }),
  encoded("a single frame of bare H.264", "film.h264", ["-frames:v", "1", ...h264, "-an"], { frames: 1, rate: 25 }),
  encoded("five frames with B-frames", "film.mkv", ["-frames:v", "5", ...h264, "-an"], { frames: 5 }),
  made(
    "the first frame at ten seconds",
    "film.mp4",
    (path, bed) => {
      return bed.patched(bed.clip("firstpts-10s.mp4"), path, (bytes) => bytes);
    },
    { size: [1138, 640], frames: [1, 1000], rate: 30, likeness: null },
  ),
  made(
    "an edit list that begins between keyframes",
    "film.mp4",
    async (path, bed) => {
      await bed.ffmpeg(["-ss", "2.5", "-i", await bed.plain(), "-c", "copy", path]);
    },
    { frames: [130, 134], likeness: null },
  ),
  made(
    "an empty edit: pictures two seconds after the sound",
    "film.mp4",
    async (path, bed) => {
      const plain = await bed.plain();
      await bed.ffmpeg(["-itsoffset", "2", "-i", plain, "-i", plain, "-map", "0:v", "-map", "1:a", "-c", "copy", path]);
    },
    { frames: 192 },
  ),
  made(
    "a clock that wraps around in the middle",
    "film.ts",
    async (path, bed) => {
      await bed.ffmpeg(["-i", await bed.plain(), "-c", "copy", "-output_ts_offset", "95440", path]);
    },
    { frames: 192 },
  ),
  made(
    "a recording cut out of a stream, open at both ends",
    "film.ts",
    async (path, bed) => {
      const whole = await bed.once("open.ts", async (to) =>
        bed.ffmpeg(["-i", await bed.film(), ...h264, "-x264-params", "open-gop=1:keyint=30", "-an", to]),
      );
      await bed.patched(whole, path, (bytes) => {
        const packets = bytes.length / 188;
        return bytes.subarray(Math.floor(packets * 0.11) * 188, Math.floor(packets * 0.93) * 188);
      });
    },
    { frames: [140, 160], likeness: null },
  ),
  encoded("intra refresh: one keyframe and never another", "film.mkv", [
    ...["-c:v", "libx264", "-preset", "veryfast", "-x264-params", "intra-refresh=1:keyint=36", "-crf", "16", "-an"],
  ]),
  encoded("one group of pictures from start to end", "film.mp4", [
    ...["-c:v", "libx264", "-preset", "veryfast", "-g", "9999", "-sc_threshold", "0", "-crf", "16", "-an"],
  ]),
  encoded("pyramids of sixteen B-frames", "film.mp4", [
    ...["-c:v", "libx264", "-preset", "veryfast", "-bf", "16", "-b_strategy", "0", "-x264-params", "b-pyramid=normal"],
    ...["-crf", "16", "-an"],
  ]),
  encoded("a time base of a tenth of a microsecond", "film.nut", [
    ...["-c:v", "mpeg4", "-q:v", "2", "-enc_time_base", "1:65535", "-an"],
  ]),
  made(
    "two recordings one after the other, the second's clock going on",
    "film.ts",
    async (path, bed) => {
      const plain = await bed.plain();
      const second = await bed.once("second.ts", (to) =>
        bed.ffmpeg(["-t", "3", "-i", plain, "-c", "copy", "-an", "-output_ts_offset", "8", to]),
      );
      await bed.ffmpeg(["-i", plain, "-c", "copy", "-an", path]);
      await appendFile(path, await readFile(second));
    },
    { frames: [262, 264], likeness: null },
  ),
  refused(
    "two recordings one after the other, each with a clock of its own",
    async (path, bed) => {
      const once = await bed.once("once.ts", async (to) =>
        bed.ffmpeg(["-i", await bed.plain(), "-c", "copy", "-an", to]),
      );
      await bed.patched(once, path, (bytes) => Buffer.concat([bytes, bytes]));
    },
    "source_unsupported",
    /clock/,
  ),
  refused(
    "short recordings one after the other",
    async (path, bed) => {
      const once = await bed.once("bit.ts", async (to) => {
        await bed.ffmpeg(["-t", "1", "-i", await bed.plain(), "-c", "copy", "-an", to]);
      });
      await bed.patched(once, path, (bytes) => Buffer.concat([bytes, bytes]));
    },
    "source_unsupported",
    /clock/,
  ),
];
