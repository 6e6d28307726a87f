import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { SoundTrack } from "./lay-sound.ts";
import { measureSound } from "./measure-sound.ts";
import { pumpSound } from "./pump-sound.ts";
import { clip, never, openFolder, patienceMs, tools } from "./trial-media.fixture.ts";
import { stereo } from "./trial-sound.fixture.ts";

/** Acts where no program can be found. */
async function withoutPrograms<Result>(act: () => Promise<Result>): Promise<Result> {
  await using folder = await openFolder();
  const before = process.env["PATH"];
  process.env["PATH"] = folder.path(".");
  try {
    return await act();
  } finally {
    process.env["PATH"] = before;
  }
}

function processesWith(mark: string): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(mark);
    } catch {
      return false;
    }
  });
}

describe("the processes that read sound", function () {
  this.timeout(patienceMs);

  it("are both missed, at once, when they cannot be started to encode", async () => {
    const track = new SoundTrack({ ...stereo, samples: 48_000 });
    const pump = { ffmpegPath: "ffmpeg", decodeArgs: [], encodeArgs: [], track, firstTick: 0, timeLimitMs: undefined };
    const running = withoutPrograms(() =>
      pumpSound({ ...pump, signal: never(), onProgress: () => undefined, onLog: undefined }),
    );
    await assert.rejects(running, { code: "ffmpeg_missing" });
  });

  it("leave none behind when only the second cannot be started", async () => {
    const track = new SoundTrack({ ...stereo, samples: 48_000 });
    const mark = `title=alone-${process.pid}`;
    const endless = ["-nostdin", "-v", "error", "-f", "lavfi", "-i", "sine", "-metadata", mark, "-f", "null", "-"];
    // More than a command line may hold.
    const encodeArgs = ["x".repeat(4_000_000)];
    const pump = { ffmpegPath: "ffmpeg", decodeArgs: endless, encodeArgs, track, firstTick: 0, timeLimitMs: undefined };
    const running = pumpSound({ ...pump, signal: never(), onProgress: () => undefined, onLog: undefined });
    await assert.rejects(running, { code: "ffmpeg_missing" });
    assert.deepEqual(processesWith(mark), []);
  });

  it("are missed when they cannot be started to measure", async () => {
    const target = { tools, sourcePath: clip("audio-only.flac"), sourceBytes: 1, signal: never() };
    const running = withoutPrograms(() => measureSound(target, { track: 0, sampleRate: 48_000 }));
    await assert.rejects(running, { code: "ffmpeg_missing" });
  });
});
