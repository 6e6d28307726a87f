import assert from "node:assert/strict";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { withCaptionsInH264, withCaptionsInMpeg2 } from "./captions.fixture.ts";
import { readCaptions, readTextTrack } from "./text-track.ts";
import type { Cue } from "./text-cues.ts";
import { madeTimeline } from "./timeline.fixture.ts";
import type { Timeline } from "./timeline.ts";
import { clip, makeSource, never, openFolder, patienceMs, probeFile, tools } from "./trial-media.fixture.ts";

type Folder = Awaited<ReturnType<typeof openFolder>>;

const film = clip("bbb-480p-30s.mp4");
const subRip = `1
00:00:01,250 --> 00:00:03,123
Hello <b>bold</b> & <i>all</i>

2
00:00:02,000 --> 00:00:04,000
a < b --> c
second line
`;

/** 30 s, of which the first picture stands at that time of the source. */
function timelineFrom(firstMs: number): Timeline {
  const timeline = madeTimeline(720);
  return { ...timeline, timeBase: { num: 1, den: 1000 }, pts: timeline.plan.map((_, frame) => firstMs + frame * 41) };
}

async function withText(folder: Folder, name: string, args: readonly string[], text: string | Buffer): Promise<string> {
  const textPath = folder.path(name.startsWith("ass") ? "text.ass" : "text.srt");
  await writeFile(textPath, text);
  const path = folder.path(name);
  const inputs = ["-i", film, "-i", textPath, "-t", "10"];
  await makeSource([...inputs, "-map", "0:v", "-map", "1", "-c", "copy", ...args, path]);
  return path;
}

async function read(folder: Folder, sourcePath: string, { stream = 0, firstMs = 0 } = {}): Promise<Cue[]> {
  const scratchFolder = folder.path("scratch");
  await mkdir(scratchFolder, { recursive: true });
  const work = { tools, sourcePath, stream, timeline: timelineFrom(firstMs), scratchFolder, signal: never() };
  const cues = await readTextTrack(work);
  assert.deepEqual(await readdir(scratchFolder), []);
  assert.deepEqual(await readTextTrack(work), cues);
  return cues;
}

describe("text tracks of sources", function () {
  this.timeout(patienceMs);

  it("are read from SubRip in Matroska, to the millisecond", async () => {
    await using folder = await openFolder();
    const cues = await read(folder, await withText(folder, "srt.mkv", [], subRip));
    assert.deepEqual(cues, [
      { startMs: 1250, endMs: 3123, text: "Hello <b>bold</b> &amp; <i>all</i>" },
      { startMs: 2000, endMs: 4000, text: "a &lt; b --&gt; c\nsecond line" },
    ]);
  });

  it("are read from a clip of another maker", async () => {
    await using folder = await openFolder();
    const cues = await read(folder, clip("srt-subtitles.mkv"));
    assert.ok(cues.length > 0);
    assert.ok(cues.every(({ startMs, endMs, text }) => startMs < endMs && text !== ""));
  });

  it("are read from mov_text in MP4", async () => {
    await using folder = await openFolder();
    const text = "1\n00:00:01,500 --> 00:00:03,000\n<i>slanted</i> {sings}\n\n2\n00:00:04,000 --> 00:00:05,000\nlast\n";
    const cues = await read(folder, await withText(folder, "text.mp4", ["-c:s", "mov_text"], text));
    assert.deepEqual(cues, [
      { startMs: 1500, endMs: 3000, text: "<i>slanted</i> {sings}" },
      { startMs: 4000, endMs: 5000, text: "last" },
    ]);
  });

  it("are read from WebVTT in Matroska, entities and all", async () => {
    await using folder = await openFolder();
    const text = "1\n00:00:01,000 --> 00:00:02,000\n<b>one</b> &lt;two&gt;\n";
    const cues = await read(folder, await withText(folder, "vtt.mkv", ["-c:s", "webvtt"], text));
    assert.deepEqual(cues, [{ startMs: 1000, endMs: 2000, text: "<b>one</b> &lt;two&gt;" }]);
  });

  it("are read from ASS in any order, with several tracks beside it", async () => {
    await using folder = await openFolder();
    const event = (times: string, text: string): string => `Dialogue: 0,${times},Default,,0,0,0,,${text}\n`;
    const text = [
      "[Script Info]\nScriptType: v4.00+\n[Events]\n",
      "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n",
      event("0:00:05.00,0:00:06.50", "later, {\\i1}much{\\i0} later"),
      event("0:00:01.00,0:00:08.00", "{\\pos(1,2)}earlier\\Nline"),
      event("0:00:02.00,0:00:03.00", "{\\p1}m 0 0 l 1 1{\\p0}"),
    ].join("");
    const other = folder.path("other.srt");
    await writeFile(other, subRip);
    const path = await withText(folder, "ass.mkv", [], text);
    const both = folder.path("both.mkv");
    await makeSource(["-i", path, "-i", other, "-map", "1", "-map", "0", "-c", "copy", both]);
    assert.deepEqual(await read(folder, both, { stream: 1 }), [
      { startMs: 1000, endMs: 8000, text: "earlier\nline" },
      { startMs: 5000, endMs: 6500, text: "later, <i>much</i> later" },
    ]);
    assert.equal((await read(folder, both)).length, 2);
  });

  it("stand on the clock of a video that does not begin at 0", async () => {
    await using folder = await openFolder();
    const path = await withText(folder, "late.mkv", ["-output_ts_offset", "7"], subRip);
    const times = (await read(folder, path, { firstMs: 8000 })).map(({ startMs, endMs }) => [startMs, endMs]);
    assert.deepEqual(times, [
      [250, 2123],
      [1000, 3000],
    ]);
  });

  it("stand where the source has them beside its pictures", async () => {
    await using folder = await openFolder();
    const textPath = folder.path("text.srt");
    await writeFile(textPath, "1\n00:00:11,000 --> 00:00:12,500\na second in\n");
    const path = folder.path("ten.mkv");
    const inputs = ["-copyts", "-i", clip("firstpts-10s.mp4"), "-i", textPath, "-map", "0:v", "-map", "1"];
    await makeSource([...inputs, "-c", "copy", "-avoid_negative_ts", "disabled", path]);
    const { timeline } = await probeFile(path);
    assert.ok((timeline.pts[0] ?? 0) > 9000);
    const work = { tools, sourcePath: path, stream: 0, timeline, scratchFolder: folder.path("."), signal: never() };
    const [cue] = await readTextTrack(work);
    assert.ok(Math.abs((cue?.startMs ?? 0) - 1000) < 50 && cue?.text === "a second in", JSON.stringify(cue));
  });

  it("are read in the encoding that they are in, cue by cue", async () => {
    await using folder = await openFolder();
    // The container takes what it is given.
    const text = Buffer.from("1\n00:00:01,000 --> 00:00:02,000\nGr\u00fc\u00dfe \u0080\n", "latin1");
    const cues = await read(folder, await withText(folder, "latin.mkv", [], text));
    assert.deepEqual(cues, [{ startMs: 1000, endMs: 2000, text: "Grüße €" }]);
  });

  it("are refused where there is none", async () => {
    await using folder = await openFolder();
    await assert.rejects(read(folder, film), { code: "not_found" });
  });

  it("are not taken from a script that names other files", async () => {
    await using folder = await openFolder();
    const path = folder.path("list.mp4");
    await writeFile(path, `ffconcat version 1.0\nfile ${clip("srt-subtitles.mkv")}\n`);
    await assert.rejects(read(folder, path), { code: "ffmpeg_failed" });
  });
});

const captions = [
  { startFrame: 24, endFrame: 60, text: "Hello" },
  { startFrame: 96, endFrame: 144, text: "a < b & more" },
];
const shown = [
  { startMs: 1000, endMs: 2500, text: "Hello" },
  { startMs: 4000, endMs: 6000, text: "a &lt; b &amp; more" },
];

describe("captions in pictures", function () {
  this.timeout(patienceMs);
  const pictures = ["-t", "8", "-i", film, "-an", "-vf", "scale=192:108,setsar=1", "-bf", "0"];

  async function captioned(folder: Folder, name: string): Promise<string> {
    const [plain, marked, path] = [folder.path("plain"), folder.path("marked"), folder.path(name)];
    if (name.endsWith(".ts")) {
      await makeSource([...pictures, "-c:v", "mpeg2video", "-f", "mpeg2video", plain]);
      await writeFile(marked, withCaptionsInMpeg2(await readFile(plain), captions));
      const times = ["-bsf:v", "setts=pts=N*3750:dts=N*3750", "-output_ts_offset", "20"];
      await makeSource(["-framerate", "24", "-f", "mpegvideo", "-i", marked, "-c", "copy", ...times, path]);
    } else {
      await makeSource([...pictures, "-c:v", "libx264", "-preset", "ultrafast", "-f", "h264", plain]);
      await writeFile(marked, withCaptionsInH264(await readFile(plain), captions));
      await makeSource(["-r", "24", "-f", "h264", "-i", marked, "-c", "copy", path]);
    }
    return path;
  }

  async function readAll(folder: Folder, sourcePath: string): Promise<Cue[]> {
    const { probe, timeline } = await probeFile(sourcePath);
    assert.deepEqual(
      probe.text.map(({ codec, captions: isCaptions }) => [codec, isCaptions]),
      [["eia_608", true]],
    );
    return await readCaptions({ tools, sourcePath, timeline, scratchFolder: folder.path("."), signal: never() });
  }

  for (const name of ["h264.mp4", "h264.mkv", "mpeg2.ts"]) {
    it(`are read to the frame: ${name}`, async () => {
      await using folder = await openFolder();
      assert.deepEqual(await readAll(folder, await captioned(folder, name)), shown);
    });
  }

  it("are read of a file whose name ffmpeg would take for something else", async () => {
    await using folder = await openFolder();
    assert.deepEqual(await readAll(folder, await captioned(folder, "it's [a], \\b;c:d=e.mp4")), shown);
  });

  it("that say nothing are refused, and a script that names other files", async () => {
    await using folder = await openFolder();
    const work = { tools, timeline: timelineFrom(0), scratchFolder: folder.path("."), signal: never() };
    await assert.rejects(readCaptions({ ...work, sourcePath: film }), { code: "not_found" });
    const path = folder.path("list.mp4");
    await writeFile(path, `ffconcat version 1.0\nfile ${await captioned(folder, "h264.mp4")}\n`);
    await assert.rejects(readCaptions({ ...work, sourcePath: path }), { code: "ffmpeg_failed" });
  });
});
