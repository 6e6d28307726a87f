import assert from "node:assert/strict";
import { explainEnd, keepLine, lineCutter, logLineLimit, ProgressReader } from "./ffmpeg-output.ts";

describe("what ffmpeg prints", () => {
  it("is progress only where it has that form", () => {
    const reader = new ProgressReader();
    const lines = ["frame=48", "stream_0_0_q=28.0", "out_time_us=2000000", "speed=1.5x", "progress=continue"];
    const read = lines.map((line) => reader.read(line));
    assert.deepEqual(read.at(-1), { frames: 48, outSeconds: 2, speed: 1.5 });
    assert.equal(reader.read("[h264 @ 0x1] error while decoding MB 3 4"), null);
  });

  it("may say N/A or nonsense, which counts as nothing", () => {
    const reader = new ProgressReader();
    for (const line of ["frame=", "out_time_us=N/A", "speed=N/A"]) reader.read(line);
    assert.deepEqual(reader.read("progress=end"), { frames: 0, outSeconds: 0, speed: 0 });
  });

  it("is kept up to a hundred lines, none of them endless", () => {
    const log: string[] = [];
    for (let line = 0; line < 150; line += 1) keepLine(log, `${line} `.padEnd(9999, "x"));
    assert.equal(log.length, logLineLimit);
    assert.ok(log[0]?.startsWith("50 ") && log[0].length === 500);
  });

  it("is cut into lines wherever the pipe cut it", () => {
    const lines: string[] = [];
    const cutter = lineCutter((line) => lines.push(line));
    for (const part of ["on", "e\ntw", "o\n", "thr", "ee"]) cutter.take(Buffer.from(part));
    cutter.finish();
    assert.deepEqual(lines, ["one", "two", "three"]);
  });
});

describe("the end of ffmpeg", () => {
  const end = { exitCode: 1, signal: null };

  it("is explained by what it said", () => {
    const codes = [
      explainEnd("ffmpeg", end, ["av_interleaved_write_frame(): No space left on device"]).code,
      explainEnd("ffmpeg", end, ["Decoder (codec vvc) not found for input stream #0:0"]).code,
      explainEnd("ffmpeg", { exitCode: null, signal: "SIGKILL" }, []).code,
      explainEnd("ffmpeg", { exitCode: 139, signal: null }, []).code,
      explainEnd("ffmpeg", end, ["Conversion failed!"]).code,
    ];
    assert.deepEqual(codes, ["storage_full", "unknown_codec", "ffmpeg_killed", "ffmpeg_killed", "ffmpeg_failed"]);
  });
});
