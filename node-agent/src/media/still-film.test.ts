import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { clip, openFolder, patienceMs, probeFile, probeLines } from "./trial-media.fixture.ts";
import { stillFilm } from "./still-film.ts";

describe("a film of one picture", function () {
  this.timeout(patienceMs);

  it("has a frame at each time, of which each is a keyframe and all are the same bytes", async () => {
    await using folder = await openFolder();
    const { timeline } = await probeFile(clip("audio-only.flac"));
    const jpeg = timeline.still?.jpeg ?? Buffer.alloc(0);
    const film = Buffer.concat(stillFilm(timeline, jpeg));
    const path = folder.path("still.mov");
    await writeFile(path, film);
    const packets = await probeLines(path, ["-show_entries", "packet=pts,duration,size,pos,flags"]);
    assert.deepEqual(
      packets.map(([pts]) => Number(pts)),
      [...timeline.pts],
    );
    assert.ok(packets.every(([, , size, , flags]) => Number(size) === jpeg.length && flags?.startsWith("K")));
    assert.deepEqual([...new Set(packets.map((packet) => packet[3]))].length, 1);
    assert.ok(film.length < jpeg.length + 1500);
  });
});
