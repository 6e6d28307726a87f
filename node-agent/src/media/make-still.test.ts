import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { coverStill } from "./make-still.ts";
import { clip, never, openFolder, tools } from "./trial-media.fixture.ts";

describe("the picture of a source that has only sound", () => {
  it("is no cover of a codec that nothing decodes", async () => {
    await using folder = await openFolder();
    const ffmpegPath = folder.path("ffmpeg-poor");
    const line = "Decoder (codec vvc) not found for input stream #0:1";
    await writeFile(ffmpegPath, `#!/bin/sh\necho '${line}' >&2\nexit 1\n`, { mode: 0o755 });
    const target = { tools: { ...tools, ffmpegPath }, sourcePath: clip("audio-only.flac"), sourceBytes: 1 };
    assert.equal(await coverStill({ ...target, signal: never() }, 1), null);
    const stopped = AbortSignal.abort(new Error("enough"));
    await assert.rejects(coverStill({ ...target, signal: stopped }, 1), /enough/);
  });
});
