import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { boxesIn, parseMoof } from "./fmp4-boxes.ts";
import { transcodeChunk } from "./transcode-chunk.ts";
import type { RenditionFiles } from "./package-groups.ts";
import { clip, never, openFolder, patienceMs, probeFile, probeLines, tinyRung, tools } from "./trial-media.fixture.ts";

type Folder = Awaited<ReturnType<typeof openFolder>>;

async function encode(folder: Folder, name: string): Promise<RenditionFiles> {
  const sourcePath = clip(name);
  const { timeline, probe } = await probeFile(sourcePath);
  const scratchFolder = folder.path("encoded");
  await mkdir(scratchFolder);
  const chunk = { index: 0, firstSegment: 0, segmentCount: probe.segments };
  const work = { tools, sourcePath, timeline, chunk, rungs: [tinyRung], preRollKeyframes: 2, scratchFolder };
  const { renditions } = await transcodeChunk({ ...work, signal: never() });
  return renditions[0]!;
}

describe("the keyframes of a segment", function () {
  this.timeout(patienceMs);

  for (const name of ["bbb-480p-30s.mp4", "mpeg4-mp3.avi"]) {
    it(`are told as they lie in it: ${name}`, async () => {
      await using folder = await openFolder();
      const { segments } = await encode(folder, name);
      for (const { path, durationTicks, keyframes = [] } of segments) {
        const bytes = await readFile(path);
        const moofs = boxesIn(bytes).filter((box) => box.type === "moof");
        assert.deepEqual(
          keyframes.map(({ offset }) => offset),
          moofs.map((box) => box.start),
        );
        assert.equal(
          keyframes.reduce((sum, keyframe) => sum + keyframe.durationTicks, 0),
          durationTicks,
        );
        for (const [index, box] of moofs.entries()) {
          const [first] = parseMoof(bytes.subarray(box.start, box.end));
          assert.equal(keyframes[index]?.bytes, box.end - box.start + 8 + (first?.sizeBytes ?? 0));
        }
      }
    });
  }

  it("can be shown by themselves", async () => {
    await using folder = await openFolder();
    const { initPath, segments } = await encode(folder, "bbb-480p-30s.mp4");
    const init = await readFile(initPath);
    const bytes = await readFile(segments[1]!.path);
    for (const { offset, bytes: length } of segments[1]?.keyframes ?? []) {
      const path = folder.path("picture.mp4");
      await writeFile(path, Buffer.concat([init, bytes.subarray(offset, offset + length)]));
      const frames = await probeLines(path, ["-show_entries", "frame=key_frame,width"]);
      assert.deepEqual(frames, [["1", "128"]]);
    }
  });
});
