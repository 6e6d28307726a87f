import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { encodePictures } from "./encoded-pictures.fixture.ts";
import type { Encoded } from "./encoded-pictures.fixture.ts";
import { KeyPictures } from "./images-keys.ts";
import { makeSheets } from "./images-sheets.ts";
import type { ImageBytes, Thumbnails } from "./images-sheets.ts";
import { planThumbnails, thumbnailSize } from "./images-plan.ts";
import { makeSource, never, openFolder, patienceMs, tools } from "./trial-media.fixture.ts";

type Folder = Awaited<ReturnType<typeof openFolder>>;

// Every 2 s a brighter picture: 16, 26, 36 … of 16 to 235.
const brightening = "geq=lum='16+10*floor(T/2)':cb=128:cr=128";

/** As JPEG has it. */
function brightnessAt(seconds: number): number {
  return (10 * Math.floor(seconds / 2) * 255) / 219;
}

function brightens(seconds: number): string[] {
  return ["-f", "lavfi", "-i", `color=size=320x180:rate=24:duration=${seconds},format=yuv420p,${brightening}`];
}

async function sheetsOf(folder: Folder, source: Encoded, intervalMs: number) {
  const scratchFolder = folder.path("scratch");
  await mkdir(scratchFolder, { recursive: true });
  const sheets: ImageBytes[] = [];
  const made: Thumbnails = await makeSheets({
    ...{ tools, scratchFolder, signal: never(), source, intervalMs },
    onSheet: (sheet) => {
      sheets.push(sheet);
      return Promise.resolve();
    },
  });
  assert.deepEqual(await readdir(scratchFolder), []);
  return { made, sheets };
}

/** How bright the middle of each thumbnail is, 0 to 255. */
async function brightness(folder: Folder, sheet: ImageBytes, { made, count }: { made: Thumbnails; count: number }) {
  const jpeg = folder.path("sheet.jpg");
  await writeFile(jpeg, sheet.bytes);
  const raw = folder.path("sheet.gray");
  await makeSource(["-i", jpeg, "-vf", "format=gray", "-f", "rawvideo", raw]);
  const pixels = await readFile(raw);
  return Array.from({ length: count }, (_, place) => {
    const x = ((place % made.columns) + 0.5) * made.size.width;
    const y = (Math.floor(place / made.columns) + 0.5) * made.size.height;
    return pixels[Math.floor(y) * sheet.width + Math.floor(x)] ?? 0;
  });
}

describe("thumbnails", function () {
  this.timeout(patienceMs);

  it("show the picture at each step, or the last before it", async () => {
    await using folder = await openFolder();
    const source = await encodePictures(brightens(27), { width: 320, height: 180 }, folder.path("film.mp4"));
    const { made, sheets } = await sheetsOf(folder, source, 3000);
    assert.deepEqual(made.plan, { intervalMs: 3000, sheets: [9], thumbnails: 9 });
    assert.deepEqual(made.size, { width: 160, height: 90 });
    assert.deepEqual([sheets[0]?.width, sheets[0]?.height], [1600, 90]);
    const shown = await brightness(folder, sheets[0]!, { made, count: 9 });
    for (const [place, level] of shown.entries()) {
      const expected = brightnessAt(place * 3);
      assert.ok(Math.abs(level - expected) <= 3, `thumbnail ${place}: ${level}, not ${expected}`);
    }
    assert.deepEqual(source.reads, [0, 1, 2, 3, 4]);
  });

  it("fill one sheet after the other, and are the same every time", async () => {
    await using folder = await openFolder();
    const source = await encodePictures(brightens(11), { width: 320, height: 180 }, folder.path("film.mp4"));
    const { made, sheets } = await sheetsOf(folder, source, 100);
    assert.deepEqual(made.plan.sheets, [100, 10]);
    assert.deepEqual(
      sheets.map(({ width, height }) => [width, height]),
      [
        [1600, 900],
        [1600, 90],
      ],
    );
    const [last] = await brightness(folder, sheets[1]!, { made, count: 1 });
    assert.ok(Math.abs((last ?? 0) - brightnessAt(10)) <= 3, String(last));
    const again = (await sheetsOf(folder, source, 100)).sheets;
    assert.ok(sheets.every((sheet, index) => sheet.bytes.equals(again[index]!.bytes)));
  });

  it("are made of a single picture, upright and tiny as it may be", async () => {
    await using folder = await openFolder();
    for (const [size, expected] of [
      [
        { width: 108, height: 192 },
        { width: 90, height: 160 },
      ],
      [
        { width: 16, height: 12 },
        { width: 16, height: 12 },
      ],
    ] as const) {
      const path = folder.path("film.mp4");
      const source = await encodePictures([...brightens(1), "-frames:v", "1"], size, path);
      const { made, sheets } = await sheetsOf(folder, source, 5000);
      assert.deepEqual(made.size, expected);
      assert.deepEqual([sheets.length, sheets[0]?.width, sheets[0]?.height], [1, expected.width * 10, expected.height]);
    }
  });

  it("are made of more pictures than are held in memory", async () => {
    await using folder = await openFolder();
    const size = { width: 640, height: 360 };
    const source = await encodePictures(
      ["-f", "lavfi", "-i", "color=gray:size=640x360:rate=24:duration=3", "-vf", "noise=alls=100:allf=t", "-crf", "1"],
      size,
      folder.path("film.mp4"),
    );
    const { bytes } = await new KeyPictures(source).at(0);
    assert.ok(bytes.length * 100 > 20_000_000, String(bytes.length));
    const { made, sheets } = await sheetsOf(folder, source, 30);
    assert.equal(made.plan.thumbnails, 100);
    assert.deepEqual([sheets[0]?.width, sheets[0]?.height], [1600, 900]);
  });

  it("are refused of what is not whole, and leave nothing", async () => {
    await using folder = await openFolder();
    const source = await encodePictures(brightens(3), { width: 320, height: 180 }, folder.path("film.mp4"));
    const readSegment = (): Promise<Buffer> => Promise.resolve(source.segments[0]!.subarray(0, 700));
    await assert.rejects(sheetsOf(folder, { ...source, readSegment }, 1000), { code: "encode_mismatch" });
    assert.deepEqual(await readdir(folder.path("scratch")), []);
  });
});

describe("the plan of thumbnails", () => {
  it("takes wider steps when there would be too many", () => {
    const plan = planThumbnails(24 * 3_600_000, 1000);
    assert.equal(plan.intervalMs, 9000);
    assert.equal(plan.thumbnails, 9600);
    assert.equal(plan.sheets.length, 96);
  });

  it("keeps the aspect, evenly", () => {
    assert.deepEqual(thumbnailSize({ width: 416, height: 234 }), { width: 160, height: 90 });
    assert.deepEqual(thumbnailSize({ width: 234, height: 416 }), { width: 90, height: 160 });
    assert.deepEqual(thumbnailSize({ width: 4000, height: 20 }), { width: 160, height: 2 });
  });
});
