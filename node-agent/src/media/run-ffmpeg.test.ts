import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { runFfmpeg } from "./run-ffmpeg.ts";
import { runFfprobe } from "./run-ffprobe.ts";
import { clip, never, openFolder, patienceMs } from "./trial-media.fixture.ts";
import { writeFile } from "node:fs/promises";

/** Minutes of work that leaves a mark: the name under which its process can be found. */
function longRun(mark: string): string[] {
  const source = ["-f", "lavfi", "-i", "testsrc2=d=600:s=640x360"];
  return [
    ...["-nostdin", "-loglevel", "error", "-nostats", "-progress", "pipe:2"],
    ...source,
    "-metadata",
    mark,
    "-f",
    "null",
    "-",
  ];
}

function processesWith(mark: string): string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").includes(mark);
    } catch {
      return false;
    }
  });
}

async function untilThere(mark: string, isThere: boolean): Promise<void> {
  for (let tries = 0; tries < 200 && processesWith(mark).length > 0 !== isThere; tries += 1) await delay(20);
  assert.equal(processesWith(mark).length > 0, isThere);
}

describe("running ffmpeg", function () {
  this.timeout(patienceMs);

  it("is cancelled at every moment, and the process is gone when it settles", async () => {
    for (const ms of [-1, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256]) {
      const mark = `title=cancelled-${process.pid}-${ms}`;
      const stop = new AbortController();
      const running = runFfmpeg({ ffmpegPath: "ffmpeg", args: longRun(mark), signal: stop.signal });
      const settled = assert.rejects(running, /enough/);
      if (ms >= 0) await delay(ms);
      stop.abort(new Error("enough"));
      await settled;
      assert.deepEqual(processesWith(mark), [], `after ${ms} ms`);
    }
  });

  it("does not begin when it is cancelled before", async () => {
    const running = runFfmpeg({
      ffmpegPath: "ffmpeg",
      args: longRun("title=never"),
      signal: AbortSignal.abort(new Error("no")),
    });
    await assert.rejects(running, /no/);
  });

  it("ends at its time limit", async () => {
    const run = { ffmpegPath: "ffmpeg", args: longRun("title=limit"), signal: never(), timeLimitMs: 300 };
    await assert.rejects(runFfmpeg(run), { code: "timed_out" });
    assert.deepEqual(processesWith("title=limit"), []);
  });

  it("kills a script that stands for ffmpeg together with what it starts", async () => {
    await using folder = await openFolder();
    const script = folder.path("ffmpeg.sh");
    await writeFile(script, '#!/bin/sh\nffmpeg "$@"\necho end >&2\n', { mode: 0o755 });
    const mark = `title=script-${process.pid}`;
    const stop = new AbortController();
    const running = assert.rejects(runFfmpeg({ ffmpegPath: script, args: longRun(mark), signal: stop.signal }));
    await untilThere(mark, true);
    stop.abort();
    await running;
    await untilThere(mark, false);
  });

  it("does not outlive an agent that is killed with -9", async () => {
    const mark = `title=orphan-${process.pid}`;
    const program = `
      import { runFfmpeg } from ${JSON.stringify(new URL("./run-ffmpeg.ts", import.meta.url).href)};
      await runFfmpeg({ ffmpegPath: "ffmpeg", args: ${JSON.stringify(longRun(mark))}, signal: new AbortController().signal });`;
    const agent = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], { stdio: "ignore" });
    await untilThere(mark, true);
    agent.kill("SIGKILL");
    await once(agent, "exit");
    await untilThere(mark, false);
  });

  it("hands on no secrets of the agent's environment", async () => {
    await using folder = await openFolder();
    const script = folder.path("show.sh");
    await writeFile(script, "#!/bin/sh\nenv >&2\n", { mode: 0o755 });
    process.env["VSTREAM_JOIN_TOKEN"] = "secret";
    try {
      const log = await runFfmpeg({ ffmpegPath: script, args: [], signal: never() });
      assert.ok(log.includes("GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4"));
      assert.ok(!log.some((line) => /secret|VSTREAM/.test(line)));
    } finally {
      delete process.env["VSTREAM_JOIN_TOKEN"];
    }
  });

  it("gives arguments to ffmpeg as they are, blanks and all, and only once", async () => {
    await using folder = await openFolder();
    const script = folder.path("show.sh");
    await writeFile(script, '#!/bin/sh\nfor each do echo "<$each>" >&2; done\n', { mode: 0o755 });
    const args = ["-acodec", "libfdk_aac", "a b  c", "-y", "", "file:x y.mp4"];
    assert.deepEqual(
      await runFfmpeg({ ffmpegPath: script, args, signal: never() }),
      args.map((arg) => `<${arg}>`),
    );
  });

  it("reports progress, and keeps it out of the log", async () => {
    const seen: number[] = [];
    const args = ["-nostdin", "-loglevel", "error", "-nostats", "-progress", "pipe:2", "-i", clip("firstpts-10s.mp4")];
    const onProgress = ({ frames }: { frames: number }): unknown => seen.push(frames);
    const log = await runFfmpeg({
      ffmpegPath: "ffmpeg",
      args: [...args, "-f", "null", "-"],
      signal: never(),
      onProgress,
    });
    assert.equal(seen.at(-1), 120);
    assert.deepEqual(log, []);
  });

  it("says what is wrong when ffmpeg fails, or is not there", async () => {
    const run = { args: ["-nostdin", "-v", "error", "-i", "file:/nowhere"], signal: never() };
    await assert.rejects(runFfmpeg({ ...run, ffmpegPath: "ffmpeg" }), {
      code: "ffmpeg_failed",
      message: /No such file/,
    });
    await assert.rejects(runFfmpeg({ ...run, ffmpegPath: "/nowhere/ffmpeg" }), {
      code: "ffmpeg_failed",
      message: /not found/,
    });
  });
});

describe("running ffprobe", function () {
  this.timeout(patienceMs);

  const probe = { ffprobePath: "ffprobe", signal: never(), timeLimitMs: 20_000, outputByteLimit: 1e6 };
  const packets = ["-v", "error", "-show_packets", clip("bbb-480p-30s.mp4")];

  it("ends when there is more output than allowed", async () => {
    await assert.rejects(runFfprobe({ ...probe, args: packets, outputByteLimit: 1000, onLine: () => undefined }), {
      code: "media_limit",
    });
  });

  it("ends when the reader refuses a line, with the reader's reason", async () => {
    const onLine = (): void => {
      throw new Error("enough");
    };
    await assert.rejects(runFfprobe({ ...probe, args: packets, onLine }), /enough/);
  });

  it("is cancelled", async () => {
    const stop = new AbortController();
    const running = runFfprobe({
      ...probe,
      signal: stop.signal,
      args: packets,
      onLine: () => {
        stop.abort(new Error("stop"));
      },
    });
    await assert.rejects(running, /stop/);
  });
});
