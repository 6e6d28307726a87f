import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { runFfmpeg } from "./run-ffmpeg.ts";
import { runFfprobe } from "./run-ffprobe.ts";
import { keptRuns, noteRun, runLineLength, ToolRuns } from "./tool-runs.ts";

const signal = new AbortController().signal;

describe("what ffmpeg and ffprobe are told", () => {
  it("is noted as lines that a shell takes apart into the same words", async () => {
    const words = ["-vf", "scale=w='min(2,iw)':h=3", "a b", "it's", "", "$HOME", "back\\slash", "file:/f/task/source"];
    const runs = new ToolRuns("/f/task");
    runs.note("/usr/bin/ffmpeg", words);
    const shown = await promisify(execFile)("sh", ["-c", `printf '%s\\0' ${runs.lines[0] ?? ""}`]);
    assert.deepEqual(shown.stdout.split("\0").slice(0, -1), ["ffmpeg", ...words.slice(0, -1), "file:source"]);
  });

  it("is noted of every run below, and of none elsewhere", async () => {
    const [runs, others] = [new ToolRuns("/nowhere"), new ToolRuns("/nowhere")];
    const version = { args: ["-version"], signal };
    await Promise.all([
      runs.during(async () => {
        await runFfmpeg({ ffmpegPath: "ffmpeg", ...version });
        await Promise.resolve();
        await runFfprobe({
          ...{ ffprobePath: "ffprobe", ...version, timeLimitMs: 10_000, outputByteLimit: 65_536 },
          onLine: () => undefined,
        });
      }),
      others.during(async () => {
        await runFfmpeg({ ffmpegPath: "ffmpeg", args: ["-hide_banner", "-version"], signal });
      }),
    ]);
    await runFfmpeg({ ffmpegPath: "ffmpeg", ...version });
    assert.deepEqual(runs.lines, ["ffmpeg -version", "ffprobe -version"]);
    assert.deepEqual(others.lines, ["ffmpeg -hide_banner -version"]);
  });

  it("stays within its limits, and says what is left out", async () => {
    const runs = new ToolRuns("/nowhere");
    await runs.during(async () => {
      for (let run = 0; run < keptRuns + 4; run += 1) noteRun("ffmpeg", [`-${run}`]);
      noteRun("ffmpeg", ["-0"]);
      noteRun("ffmpeg", ["x".repeat(runLineLength)]);
      await Promise.resolve();
    });
    assert.equal(runs.lines.length, keptRuns);
    assert.deepEqual([runs.lines.at(-2), runs.lines.at(-1)], ["ffmpeg -14", "# 6 more"]);
  });
});
