import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { makesSame } from "@vstream/core/toolchain.ts";
import { checkMediaTools } from "./media-tools.ts";
import type { MediaTools } from "./media-tools.ts";
import { openFolder, sse2Script, patienceMs } from "./trial-media.fixture.ts";

async function checkScript(script: string): Promise<MediaTools> {
  await using folder = await openFolder();
  const ffmpegPath = folder.path("ffmpeg");
  await writeFile(ffmpegPath, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return await checkMediaTools({ ffmpegPath, ffprobePath: "ffprobe" });
}

const version = (text: string, library: string): string =>
  `echo "ffmpeg version ${text} Copyright"; echo "libavcodec     ${library}.100 / ${library}.100"`;

describe("the media tools of a node", function () {
  this.timeout(patienceMs);

  it("are named with their version and a toolchain", async () => {
    const tools = await checkMediaTools({ ffmpegPath: "ffmpeg", ffprobePath: "ffprobe" });
    assert.ok(
      execFileSync("ffmpeg", ["-version"], { encoding: "utf8" }).startsWith(`ffmpeg version ${tools.ffmpegVersion} `),
    );
    assert.match(tools.toolchain, /^[0-9a-f]{16}\+[0-9a-f]{8}$/);
  });

  it("have the same toolchain where the processor has fewer instructions", async () => {
    const plain = await checkMediaTools({ ffmpegPath: "ffmpeg", ffprobePath: "ffprobe" });
    const held = await checkScript(sse2Script);
    assert.equal(held.toolchain, plain.toolchain);
  });

  it("make everything but HEVC without libx265, with the same toolchain", async () => {
    const script = 'case "$*" in *libx265*) exit 1;; *) exec ffmpeg "$@";; esac';
    const { toolchain } = await checkScript(script);
    assert.match(toolchain, /^[0-9a-f]{16}$/);
    const whole = await checkMediaTools({ ffmpegPath: "ffmpeg", ffprobePath: "ffprobe" });
    assert.ok(makesSame(whole.toolchain, toolchain));
  });

  it("are missing when a program is not there or is something else", async () => {
    const missing = { code: "ffmpeg_missing" };
    await assert.rejects(checkMediaTools({ ffmpegPath: "/nowhere/ffmpeg", ffprobePath: "ffprobe" }), missing);
    await assert.rejects(checkMediaTools({ ffmpegPath: "ffmpeg", ffprobePath: "/nowhere/ffprobe" }), missing);
    await assert.rejects(checkScript("echo hello"), missing);
  });

  it("are too old before 5.1", async () => {
    await assert.rejects(checkScript(version("4.4.2", "58.134")), { code: "ffmpeg_too_old" });
    await assert.rejects(checkScript(version("5.0.1", "59. 18")), { code: "ffmpeg_too_old" });
  });

  it("are missing when ffmpeg has no libx264", async () => {
    const script = `case "$1" in -version) ${version("5.1", "59. 37")};; *) echo "Unknown encoder 'libx264'" >&2; exit 1;; esac`;
    await assert.rejects(checkScript(script), { code: "ffmpeg_missing", message: /libx264/ });
  });
});
