import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { withoutMute } from "./audio-streams.ts";
import type { SourceTracks } from "./tracks-of.ts";
import { clip, makeSource, never, openFolder, patienceMs, probeFile, tools } from "./trial-media.fixture.ts";

const pictures = ["-f", "lavfi", "-i", "testsrc2=r=25:s=64x64:d=3"];
const tone = ["-f", "lavfi", "-i", "sine=d=3"];

describe("audio streams of a film", function () {
  this.timeout(patienceMs);

  it("are left out, with a warning, when nothing of them can be decoded; the others keep their numbers", async () => {
    await using folder = await openFolder();
    const path = folder.path("film.mkv");
    const three = ["-map", "0:v", "-map", "1:a", "-map", "1:a", "-map", "1:a", "-c:v", "mpeg4"];
    const codecs = ["-c:a:0", "aac", "-c:a:1", "flac", "-c:a:2", "ac3"];
    const damage = ["-bsf:a:0", "noise=amount=1", "-metadata:s:a:1", "title=Director"];
    await makeSource([...pictures, ...tone, ...three, ...codecs, ...damage, path]);
    const { probe } = await probeFile(path);
    assert.deepEqual(
      probe.audio.map(({ track, codec, name }) => [track, codec, name]),
      [
        [1, "flac", "Director"],
        [2, "ac3", ""],
      ],
    );
    assert.match(probe.warnings.join(), /sound 0 \(aac\)/);
  });

  it("are kept when they begin late, or in the middle of a damaged part", async () => {
    await using folder = await openFolder();
    const path = folder.path("film.mkv");
    const late = ["-itsoffset", "2", ...tone, "-map", "0:v", "-map", "1:a", "-c:v", "mpeg4", "-c:a", "ac3"];
    await makeSource([...pictures, ...late, "-bsf:a", "noise=amount='if(lt(n,20),1,0)'", path]);
    const { probe } = await probeFile(path);
    assert.deepEqual([probe.audio.length, probe.warnings], [1, []]);
  });

  it("are judged by how their decoding ends, and not by what befalls the node meanwhile", async () => {
    await using folder = await openFolder();
    const sourcePath = clip("audio-only.flac");
    const { probe } = await probeFile(clip("bbb-480p-30s.mp4"));
    const tracks: SourceTracks = { audio: probe.audio, text: [], warnings: [] };
    const ffprobePath = folder.path("ffprobe-dying");
    const target = { tools: { ...tools, ffprobePath }, sourcePath, sourceBytes: 1, signal: never() };
    await writeFile(ffprobePath, "#!/bin/sh\nkill -KILL $$\n", { mode: 0o755 });
    assert.deepEqual((await withoutMute(target, tracks)).audio, []);
    await writeFile(ffprobePath, "#!/bin/sh\necho No space left on device >&2\nexit 1\n", { mode: 0o755 });
    await assert.rejects(withoutMute(target, tracks), { code: "storage_full" });
  });
});
