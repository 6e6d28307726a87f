import assert from "node:assert/strict";
import { mkdir, readdir } from "node:fs/promises";
import { encodePictures } from "./encoded-pictures.fixture.ts";
import { judge } from "./images-judge.ts";
import { jpegSize } from "./images-jpeg.ts";
import { makePoster } from "./images-poster.ts";
import type { ImageBytes } from "./images-sheets.ts";
import { clip, never, openFolder, patienceMs, tools } from "./trial-media.fixture.ts";

type Folder = Awaited<ReturnType<typeof openFolder>>;

const film = ["-i", clip("bbb-480p-30s.mp4"), "-t", "12"];
const small = { width: 320, height: 180 };
const large = { width: 854, height: 480 };

function scene(filters: string): string[] {
  return ["-f", "lavfi", "-i", filters];
}

/** The poster, and the segments of the large rendition that were read for it. */
async function posterOf(
  folder: Folder,
  input: readonly string[],
): Promise<{ poster: ImageBytes; read: readonly number[] }> {
  const sources = {
    small: await encodePictures(input, small, folder.path("small.mp4")),
    large: await encodePictures(input, large, folder.path("large.mp4")),
  };
  const scratchFolder = folder.path("scratch");
  await mkdir(scratchFolder, { recursive: true });
  const poster = await makePoster({ tools, scratchFolder, signal: never(), ...sources });
  assert.deepEqual(await readdir(scratchFolder), []);
  assert.deepEqual(jpegSize(poster.bytes), large);
  return { poster, read: sources.large.reads };
}

describe("the poster", function () {
  this.timeout(patienceMs);

  it("is a good picture from near the beginning, the same every time", async () => {
    await using folder = await openFolder();
    const { poster, read } = await posterOf(folder, film);
    assert.deepEqual(read, [0]);
    assert.ok(poster.bytes.length > 8_000);
    const again = await posterOf(folder, film);
    assert.ok(poster.bytes.equals(again.poster.bytes));
  });

  it("is not one of those that are black, white or flat while there is another", async () => {
    await using folder = await openFolder();
    for (const ground of ["black", "white", "gray"]) {
      const joined = `color=${ground}:size=320x180:rate=24:duration=15[a];testsrc2=size=320x180:rate=24:duration=7[b];[a][b]concat`;
      const { read } = await posterOf(folder, scene(joined));
      assert.deepEqual(read, [read[0]]);
      assert.ok((read[0] ?? 0) >= 2, `${ground}: segment ${String(read[0])}`);
    }
  });

  it("is there though there is no good picture, or only one", async () => {
    await using folder = await openFolder();
    await posterOf(folder, scene("color=black:size=320x180:rate=24:duration=1"));
    await posterOf(folder, [...scene("testsrc2=size=320x180:rate=24:duration=1"), "-frames:v", "1"]);
  });
});

describe("judging pictures", () => {
  const ramp = Uint8Array.from({ length: 64 * 36 }, (_, index) => (index * 7) % 256);

  it("tells good ones from black, white and flat ones", () => {
    assert.equal(judge(ramp, 64).isGood, true);
    for (const level of [0, 16, 128, 250]) assert.equal(judge(new Uint8Array(64 * 36).fill(level), 64).isGood, false);
    const title = new Uint8Array(64 * 36).fill(8).fill(240, 1000, 1040);
    assert.equal(judge(title, 64).isGood, false);
  });

  it("prefers what shows more", () => {
    const fewer = ramp.map((value) => (value < 128 ? 40 : 200));
    assert.ok(judge(ramp, 64).score > judge(fewer, 64).score);
  });
});

describe("JPEG files", () => {
  it("are refused when they are none, or cut", () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from("ffd8ffe000", "hex"), Buffer.from("ffd8ffe0ffffffd9", "hex")]) {
      assert.throws(() => jpegSize(bytes), { code: "encode_mismatch" });
    }
  });
});
