// Sources by what else is in them: covers, several videos, empty tracks, text, chapters, data.
import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import type { Probe } from "@vstream/core/media.ts";
import { withCaptionsInH264, withCaptionsInMpeg2 } from "../../node-agent/src/media/captions.fixture.ts";
import { h264 } from "./bed.ts";
import type { Bed } from "./bed.ts";
import { replaced, withoutSamples } from "./boxes.ts";
import { made, refused } from "./kinds.ts";
import type { Film, SourceKind } from "./kinds.ts";

const words = "1\n00:00:01,000 --> 00:00:03,000\nHello\n\n2\n00:00:04,000 --> 00:00:05,000\nthere\n";
const chapters =
  ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=3000\ntitle=One\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=3000\nEND=8000\ntitle=Two\n";

async function cover(bed: Bed): Promise<string> {
  return await bed.once("cover.png", async (path) =>
    bed.ffmpeg(["-i", await bed.film(), "-frames:v", "1", "-vf", "scale=600:600", path]),
  );
}

async function written(bed: Bed, name: string, text: string): Promise<string> {
  return await bed.once(name, (path) => writeFile(path, text));
}

/** The plain film with more inputs and other arguments. */
function withMore(
  name: string,
  as: string,
  more: (bed: Bed) => readonly string[] | Promise<readonly string[]>,
  film: Partial<Film> = {},
): SourceKind {
  return made(
    name,
    as,
    async (path, bed) => {
      await bed.ffmpeg(["-i", await bed.plain(), ...(await more(bed)), path]);
    },
    { frames: 192, ...film },
  );
}

function silent({ warnings }: Probe): void {
  assert.deepEqual(warnings, []);
}

const captions = [{ startFrame: 36, endFrame: 84, text: "captions" }];

function captioned(name: string, as: string, make: SourceKind["make"]): SourceKind {
  return made(name, as, make, { frames: 192, captions: [{ startMs: 1500, endMs: 3500, text: "captions" }] });
}

export const trackKinds: readonly SourceKind[] = [
  withMore(
    "a cover beside the film in MP4",
    "film.mp4",
    async (bed) => [
      ...["-i", await cover(bed), "-map", "1:v", "-map", "0", "-c", "copy", "-c:v:0", "mjpeg"],
      ...["-disposition:v:0", "attached_pic"],
    ],
    { check: silent },
  ),
  withMore(
    "a cover attached to Matroska",
    "film.mkv",
    async (bed) => [...["-map", "0", "-c", "copy", "-attach", await cover(bed), "-metadata:s:t", "mimetype=image/png"]],
    { check: silent },
  ),
  withMore("a cover that nobody marked as one", "film.mkv", async (bed) => [
    ...[
      "-i",
      await cover(bed),
      "-map",
      "1:v",
      "-map",
      "0",
      "-c",
      "copy",
      "-c:v:0",
      "mjpeg",
      "-disposition:v:0",
      "default",
    ],
    ...["-disposition:v:1", "0"],
  ]),
  withMore(
    "two videos, the second being the main one",
    "film.mkv",
    () => [
      ...[
        "-filter_complex",
        "[0:v]split[a][b];[a]scale=320:180[large]",
        "-map",
        "[large]",
        "-map",
        "[b]",
        "-map",
        "0:a",
      ],
      ...["-c:v", "mpeg4", "-q:v", "2", "-disposition:v:0", "0", "-disposition:v:1", "default"],
    ],
    {
      check: ({ warnings }) => {
        assert.match(warnings.join(), /2 videos.*320x180/);
      },
    },
  ),
  withMore(
    "two programs in a transport stream: the larger",
    "film.ts",
    () => [
      ...["-filter_complex", "[0:v]split[a][b];[a]scale=96:54[small]", "-map", "[small]", "-map", "[b]", ...h264],
      ...["-program", "title=one:st=0", "-program", "title=two:st=1"],
    ],
    { likeness: 0.85 },
  ),
  made(
    "a video track without a picture before the film",
    "film.mp4",
    async (path, bed) => {
      const plain = await bed.plain();
      await bed.ffmpeg(["-i", plain, "-i", plain, "-map", "0:v", "-map", "1", "-c", "copy", `${path}.two.mp4`]);
      await bed.patched(`${path}.two.mp4`, path, withoutSamples);
    },
    { frames: 192, check: silent },
  ),
  withMore(
    "SubRip text, chapters and names in Matroska",
    "film.mkv",
    async (bed) => [
      ...["-i", await written(bed, "words.srt", words), "-i", await written(bed, "chapters.txt", chapters)],
      ...[
        "-map",
        "0",
        "-map",
        "1",
        "-map_metadata",
        "2",
        "-c",
        "copy",
        "-c:s",
        "srt",
        "-metadata:s:s:0",
        "language=ger",
      ],
      ...["-metadata:s:s:0", "title=Signs", "-disposition:s:0", "forced", "-metadata:s:a:0", "title=Original"],
    ],
    {
      check: ({ text, chapters: found, audio }) => {
        const track = {
          stream: 0,
          codec: "subrip",
          language: "de",
          name: "Signs",
          forced: true,
          hearingImpaired: false,
        };
        assert.deepEqual(text, [{ ...track, convertible: true, captions: false, defaultTrack: false }]);
        assert.deepEqual(
          found.map(({ startSeconds, title }) => [Math.round(startSeconds), title]),
          [
            [0, "One"],
            [3, "Two"],
          ],
        );
        assert.equal(audio[0]?.name, "Original");
      },
    },
  ),
  withMore(
    "3GPP timed text in MP4",
    "film.mp4",
    async (bed) => [
      ...["-i", await written(bed, "words.srt", words), "-map", "0", "-map", "1", "-c", "copy", "-c:s", "mov_text"],
      ...["-metadata:s:s:0", "language=eng"],
    ],
    {
      check: ({ text }) => {
        assert.deepEqual(
          text.map(({ codec, language }) => [codec, language]),
          [["mov_text", "en"]],
        );
      },
    },
  ),
  withMore(
    "five languages",
    "film.mkv",
    () => [
      ...["-map", "0:v", ...Array.from({ length: 5 }, () => ["-map", "0:a"]).flat(), "-c", "copy"],
      ...["eng", "ger", "fre", "jpn", "und"].flatMap((language, index) => [
        `-metadata:s:a:${index}`,
        `language=${language}`,
      ]),
    ],
    {
      check: ({ audio }) => {
        assert.deepEqual(
          audio.map(({ language }) => language),
          ["en", "de", "fr", "ja", ""],
        );
      },
    },
  ),
  withMore("a time code track in QuickTime", "film.mov", () => ["-c", "copy", "-timecode", "01:00:00:00"], {
    check: silent,
  }),
  captioned("captions (CEA-608) in H.264", "film.mp4", async (path, bed) => {
    const plain = ["-i", await bed.film(), "-map", "0:v", ...h264, "-bf", "0", "-f", "h264"];
    const stream = await bed.once("plain.h264", async (to) => bed.ffmpeg([...plain, to]));
    await bed.patched(stream, `${path}.h264`, (bytes) => withCaptionsInH264(bytes, captions));
    const beside = ["-i", await bed.plain(), "-map", "0:v", "-map", "1:a", "-c", "copy"];
    await bed.ffmpeg(["-r", "24", "-i", `${path}.h264`, ...beside, path]);
    await rm(`${path}.h264`);
  }),
  captioned("captions (CEA-608) in MPEG-2", "film.ts", async (path, bed) => {
    const plain = ["-i", await bed.film(), "-map", "0:v", "-c:v", "mpeg2video", "-q:v", "3", "-bf", "0", "-g", "24"];
    const stream = await bed.once("plain.m2v", async (to) => bed.ffmpeg([...plain, to]));
    await bed.patched(stream, `${path}.m2v`, (bytes) => withCaptionsInMpeg2(bytes, captions));
    // Pictures of a plain stream have no times.
    const times = ["-bsf:v", "setts=pts=N*3750:dts=N*3750"];
    await bed.ffmpeg(["-framerate", "24", "-f", "mpegvideo", "-i", `${path}.m2v`, "-c", "copy", ...times, path]);
    await rm(`${path}.m2v`);
  }),
  made(
    "pictures without sound",
    "film.mp4",
    async (path, bed) => {
      await bed.ffmpeg(["-i", await bed.plain(), "-c", "copy", "-an", path]);
    },
    {
      frames: 192,
      check: ({ audio }) => {
        assert.deepEqual(audio, []);
      },
    },
  ),
  refused(
    "sound in AC-4 beside the pictures",
    async (path, bed) => {
      await bed.patched(await bed.plain(), path, (bytes) => replaced(replaced(bytes, "mp4a", "ac-4"), "esds", "dac4"));
    },
    "unknown_codec",
    /audio/,
  ),
  refused(
    "pictures in a codec that nobody has heard of",
    async (path, bed) => {
      await bed.patched(await bed.plain(), path, (bytes) => replaced(bytes, "avc1", "zz42"));
    },
    "unknown_codec",
  ),
  refused(
    "pictures in VVC",
    async (path, bed) => {
      await bed.patched(await bed.plain(), path, (bytes) => replaced(bytes, "avc1", "vvc1"));
    },
    "unknown_codec",
  ),
  refused(
    "more tracks than anybody needs",
    async (path, bed) => {
      const maps = Array.from({ length: 66 }, () => ["-map", "0:a"]).flat();
      await bed.ffmpeg([
        "-t",
        "1",
        "-i",
        await bed.plain(),
        "-map",
        "0:v",
        ...maps,
        "-c",
        "copy",
        "-f",
        "matroska",
        path,
      ]);
    },
    "media_limit",
    /tracks/,
  ),
  refused(
    "text alone",
    async (path, bed) => {
      await bed.ffmpeg(["-i", await written(bed, "words.srt", words), "-c:s", "srt", "-f", "matroska", path]);
    },
    "no_video",
    /only subtitle/,
  ),
  refused(
    "data alone",
    async (path, bed) => {
      const whole = await bed.once("coded.mov", async (to) =>
        bed.ffmpeg(["-i", await bed.plain(), "-c", "copy", "-timecode", "01:00:00:00", to]),
      );
      await bed.ffmpeg(["-i", whole, "-map", "0:d", "-c", "copy", "-f", "mov", path]);
    },
    "no_video",
    /only data/,
  ),
  refused(
    "subtitles by themselves",
    async (path, bed) => {
      await writeFile(path, await readFile(await written(bed, "words.srt", words)));
    },
    "not_media",
    /text/,
  ),
];
