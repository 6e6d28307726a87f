// Sources by their pictures: how they lie, how large they are, what their samples mean.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import type { Probe } from "@vstream/core/media.ts";
import { h264 } from "./bed.ts";
import type { Bed } from "./bed.ts";
import { box, replaced, withChild, withMatrix } from "./boxes.ts";
import { encoded, made } from "./kinds.ts";
import type { Film, SourceKind } from "./kinds.ts";

const x265 = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params"];
const pq = "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:hdr10=1";
const hlg = "log-level=error:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc";
const hdrTags = ["-color_primaries", "bt2020", "-colorspace", "bt2020nc"];
/** Half as many fields a second become half as many frames: 12 with the film's own pictures. */
const weave = "setsar=1,interlace";
const short = ["-t", "2"];

type Turn = readonly [number, number, number, number];

function turned(name: string, matrix: Turn, film: Pick<Film, "size" | "shown">): SourceKind {
  return made(
    `a picture that is ${name}`,
    "film.mp4",
    async (path, bed) => {
      await bed.patched(await bed.plain(), path, (bytes) => withMatrix(bytes, matrix));
    },
    { frames: 192, ...film },
  );
}

function warned(words: RegExp): (probe: Probe) => void {
  return ({ warnings }) => {
    assert.match(warnings.join("\n"), words);
  };
}

function interlaced({ video }: Probe): void {
  assert.equal(video.interlaced, true);
}

/** An MP4 with HEVC whose sample entry names a Dolby Vision profile. */
async function dolby(path: string, bed: Bed, how: { profile: number; base: number; params: string }): Promise<void> {
  const plain = `${path}.plain.mp4`;
  const args = [
    ...short,
    "-i",
    await bed.film(),
    "-pix_fmt",
    "yuv420p10",
    ...x265,
    how.params,
    "-tag:v",
    "hvc1",
    "-an",
  ];
  await bed.ffmpeg([...args, plain]);
  const record = Buffer.alloc(24);
  record.writeUInt8(1, 0);
  record.writeUInt16BE((how.profile << 9) | (3 << 3) | 0b101, 2);
  record.writeUInt8(how.base << 4, 4);
  const entry = ["moov", "trak", "mdia", "minf", "stbl", "stsd", "hvc1"];
  const name = how.profile < 8 ? "dvcC" : "dvvC";
  await bed.patched(plain, path, (bytes) => withChild(bytes, entry, box(name, record)));
}

/** HEVC with units of a second layer, as that of the other eye is: here in the place of delimiters. */
async function twoViews(path: string, bed: Bed): Promise<void> {
  const plain = `${path}.plain.mp4`;
  await bed.ffmpeg(["-i", await bed.film(), "-an", ...x265, "log-level=error:aud=1", "-tag:v", "hvc1", plain]);
  await bed.patched(plain, path, (bytes) => replaced(bytes, "\0\0\0\x03\x46\x01", "\0\0\0\x03\x02\x09"));
}

/** Parts of a broadcast whose pictures are of different sizes, one after the other. */
async function broadcast(
  path: string,
  bed: Bed,
  filters: readonly string[],
  more: readonly string[] = [],
): Promise<void> {
  let [start, whole] = [0, Buffer.alloc(0)];
  for (const [index, filter] of filters.entries()) {
    const part = `${path}.${index}.ts`;
    const args = [
      "-t",
      "3",
      "-i",
      await bed.film(),
      "-vf",
      filter,
      ...h264,
      ...more,
      "-an",
      "-output_ts_offset",
      String(start),
    ];
    await bed.ffmpeg([...args, part]);
    whole = Buffer.concat([whole, await readFile(part)]);
    start += 3;
  }
  await writeFile(path, whole);
}

export const pictureKinds: readonly SourceKind[] = [
  turned("mirrored", [-1, 0, 0, 1], { size: [192, 108], shown: "hflip" }),
  turned("flipped", [1, 0, 0, -1], { size: [192, 108], shown: "vflip" }),
  turned("upside down", [-1, 0, 0, -1], { size: [192, 108], shown: "hflip,vflip" }),
  turned("turned right", [0, 1, -1, 0], { size: [108, 192], shown: "transpose=clock" }),
  turned("turned left", [0, -1, 1, 0], { size: [108, 192], shown: "transpose=cclock" }),
  turned("turned and mirrored", [0, 1, 1, 0], { size: [108, 192], shown: "transpose=cclock_flip" }),
  turned("turned and mirrored the other way", [0, -1, -1, 0], { size: [108, 192], shown: "transpose=clock_flip" }),
  made(
    "the clip rotate-and-reflect.mp4",
    "film.mp4",
    (path, bed) => {
      return bed.patched(bed.clip("rotate-and-reflect.mp4"), path, (bytes) => bytes);
    },
    { size: [720, 1080], frames: [1, 1000], rate: 30_000 / 1001, shown: "transpose=cclock_flip" },
  ),
  encoded("wide pixels", "film.mp4", ["-vf", "scale=144:108,setsar=4/3", ...h264, "-an"], { shown: "scale=192:108" }),
  encoded("tall pixels", "film.mkv", ["-vf", "scale=192:54,setsar=1/2", ...h264, "-an"], { shown: "scale=192:108" }),
  encoded("pixels of an absurd shape", "film.mkv", ["-vf", "setsar=199/1", ...h264, "-an"]),
  encoded("odd width and height", "film.mkv", [...short, "-vf", "scale=161:121,setsar=1", "-c:v", "ffv1", "-an"], {
    ...{ size: [162, 122], frames: 48 },
  }),
  encoded("ten pixels by twelve", "film.mp4", [...short, "-vf", "scale=10:12,setsar=1", ...h264, "-an"], {
    ...{ size: [10, 12], frames: 48, likeness: 0.8 },
  }),
  encoded(
    "8K",
    "film.mov",
    ["-frames:v", "2", "-vf", "scale=7680:4320,setsar=1", "-c:v", "mjpeg", "-q:v", "5", "-an"],
    {
      ...{ size: [7680, 4320], frames: 2 },
    },
  ),
  encoded("full range", "film.mp4", ["-vf", "scale=out_range=pc", "-pix_fmt", "yuvj420p", ...h264, "-an"]),
  encoded("4:4:4", "film.mp4", ["-pix_fmt", "yuv444p", ...h264, "-an"]),
  encoded("RGB as H.264", "film.mkv", ["-c:v", "libx264rgb", "-preset", "veryfast", "-crf", "12", "-an"]),
  encoded("twelve bits", "film.mkv", [...short, "-pix_fmt", "yuv422p12", "-c:v", "ffv1", "-an"], { frames: 48 }),
  encoded("sixteen bits of grey", "film.mkv", [...short, "-pix_fmt", "gray16le", "-c:v", "ffv1", "-an"], {
    frames: 48,
  }),
  encoded(
    "transparency in ProRes",
    "film.mov",
    [...[...short, "-vf", "format=yuva444p10", "-c:v", "prores_ks", "-profile:v", "4444", "-alpha_bits", "16", "-an"]],
    { frames: 48, check: warned(/transparency/) },
  ),
  encoded("transparency in PNG pictures", "film.mov", [...short, "-pix_fmt", "rgba", "-c:v", "png", "-an"], {
    frames: 48,
  }),
  encoded(
    "fields, the upper one first, in MPEG-2",
    "film.ts",
    [...["-vf", weave, "-c:v", "mpeg2video", "-q:v", "2", "-flags", "+ildct+ilme", "-top", "1", "-an"]],
    { frames: 96, rate: 12, shown: "bwdif=mode=send_frame", check: interlaced },
  ),
  encoded(
    "fields, the lower one first, in H.264",
    "film.mkv",
    [...["-vf", `${weave}=scan=bff`, ...h264, "-flags", "+ildct", "-x264-params", "bff=1", "-an"]],
    { frames: 96, rate: 12, shown: "bwdif=mode=send_frame", check: interlaced },
  ),
  encoded(
    "fields of which only the container tells",
    "film.mov",
    [...["-vf", "scale=192:108,setsar=1,interlace,setfield=tff", "-c:v", "v210", "-field_order", "tt", "-an"]],
    { frames: 96, rate: 12, shown: "bwdif=mode=send_frame:parity=tff", check: interlaced },
  ),
  encoded(
    "fields of which nobody tells",
    "film.avi",
    [
      ...[
        "-t",
        "4",
        "-vf",
        "scale=360:576,setsar=1,interlace,setfield=prog",
        "-c:v",
        "rawvideo",
        "-pix_fmt",
        "uyvy422",
      ],
      "-an",
    ],
    { size: [360, 576], frames: 48, rate: 12, shown: "bwdif=mode=send_frame:parity=tff:deint=all", check: interlaced },
  ),
  made(
    "fields in a turned picture",
    "film.mp4",
    async (path, bed) => {
      const woven = ["-vf", weave, ...h264, "-flags", "+ildct", "-x264-params", "tff=1", "-an"];
      await bed.ffmpeg(["-i", await bed.film(), ...woven, `${path}.plain.mp4`]);
      await bed.patched(`${path}.plain.mp4`, path, (bytes) => withMatrix(bytes, [0, 1, -1, 0]));
    },
    {
      ...{ size: [108, 192], frames: 96, rate: 12, shown: "bwdif=mode=send_frame,transpose=clock", check: interlaced },
    },
  ),
  encoded("HDR10", "film.mp4", ["-pix_fmt", "yuv420p10", ...x265, pq, ...hdrTags, "-color_trc", "smpte2084", "-an"], {
    ...{ likeness: 0.3, check: warned(/dynamic range/) },
  }),
  encoded(
    "HLG in a transport stream",
    "film.ts",
    [...["-pix_fmt", "yuv420p10", ...x265, hlg, ...hdrTags, "-color_trc", "arib-std-b67", "-an"]],
    { likeness: 0.3, check: warned(/dynamic range/) },
  ),
  made(
    "the clip hlg10-0.3s.mp4",
    "film.mp4",
    (path, bed) => {
      return bed.patched(bed.clip("hlg10-0.3s.mp4"), path, (bytes) => bytes);
    },
    { size: [1920, 1080], frames: 9, rate: 30, likeness: 0.3, check: warned(/dynamic range/) },
  ),
  encoded(
    "wide colour without high range",
    "film.mkv",
    [
      ...["-pix_fmt", "yuv420p10", "-vf", "scale=out_color_matrix=bt2020", "-c:v", "ffv1", ...hdrTags],
      ...["-color_trc", "bt709", "-an"],
    ],
    { likeness: 0.8, check: warned(/wide colours/) },
  ),
  made("Dolby Vision over HLG", "film.mp4", (path, bed) => dolby(path, bed, { profile: 8, base: 4, params: hlg }), {
    ...{ frames: 48, likeness: 0.3, check: warned(/dynamic range/) },
  }),
  made(
    "Dolby Vision without a base",
    "film.mp4",
    (path, bed) => {
      return dolby(path, bed, { profile: 5, base: 0, params: "log-level=error:range=full" });
    },
    { frames: 48, likeness: null, check: warned(/Dolby Vision profile 5/) },
  ),
  made("two views in HEVC", "film.mp4", twoViews, { frames: 192 }),
  made(
    "a broadcast that changes its size",
    "film.ts",
    (path, bed) => {
      return broadcast(path, bed, ["setsar=1", "scale=128:96,setsar=1", "scale=256:144,setsar=1,hue=s=0", "setsar=1"]);
    },
    { frames: [286, 288], likeness: null, check: warned(/change their size/) },
  ),
  made(
    "a broadcast that changes the shape of its pixels, with fields",
    "film.ts",
    (path, bed) => {
      const woven = ["16/15", "64/45", "64/45"].map((ratio) => `scale=180:144,interlace,setsar=${ratio}`);
      return broadcast(path, bed, woven, ["-flags", "+ildct", "-x264-params", "tff=1"]);
    },
    { size: [256, 144], frames: [106, 108], rate: 12, likeness: null, check: interlaced },
  ),
  made(
    "a call whose pictures shrink when the line is bad",
    "film.webm",
    async (path, bed) => {
      const parts: string[] = [];
      for (const [index, size] of ["192:108", "96:54", "192:108"].entries()) {
        const part = `${path}.${index}.webm`;
        const vp8 = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M", "-an"];
        await bed.ffmpeg([...short, "-i", await bed.film(), "-vf", `scale=${size},setsar=1`, ...vp8, part]);
        parts.push(`file ${part}`);
      }
      await writeFile(`${path}.list`, parts.join("\n"));
      await bed.ffmpeg(["-f", "concat", "-safe", "0", "-i", `${path}.list`, "-c", "copy", path]);
    },
    { frames: 144, likeness: null, check: warned(/change their size/) },
  ),
];
