// Sources by the programs and formats that made them: one of each encoder and of each container that people have.
import assert from "node:assert/strict";
import { h264 } from "./bed.ts";
import type { Bed } from "./bed.ts";
import { encoded, made } from "./kinds.ts";
import type { Film, SourceKind } from "./kinds.ts";

const pcm = ["-c:a", "pcm_s16le"];
const sharp = ["-q:v", "2"];
/** Old formats have few sizes. */
const small: Partial<Film> = { size: [176, 144], shown: "setsar=1" };

function scaled(size: string): string[] {
  return ["-vf", `scale=${size},setsar=1`];
}

/** Real clips as they are. */
function clip(name: string, film: Partial<Film> & Pick<Film, "frames">): SourceKind {
  return made(`the clip ${name}`, name, (path, bed) => bed.patched(bed.clip(name), path, (bytes) => bytes), film);
}

async function copied(path: string, bed: Bed, args: readonly string[]): Promise<void> {
  await bed.ffmpeg(["-i", await bed.plain(), "-c", "copy", ...args, path]);
}

export const containerKinds: readonly SourceKind[] = [
  encoded("H.264 with B-frames in MP4, its index last", "film.mp4", [...h264, "-c:a", "aac"]),
  encoded("H.264 High 4:2:2 Intra with slices in QuickTime", "film.mov", [
    ...["-c:v", "libx264", "-profile:v", "high422", "-pix_fmt", "yuv422p", "-g", "1", "-slices", "4", ...pcm],
  ]),
  encoded("ProRes in QuickTime", "film.mov", ["-c:v", "prores_ks", "-profile:v", "3", ...pcm]),
  encoded(
    "DNxHR in QuickTime",
    "film.mov",
    [...["-c:v", "dnxhd", "-profile:v", "dnxhr_hq", "-pix_fmt", "yuv422p", ...scaled("256:144"), ...pcm]],
    { size: [256, 144] },
  ),
  encoded("Apple Animation in QuickTime", "film.mov", ["-c:v", "qtrle", ...pcm]),
  encoded("Cinepak in QuickTime", "film.mov", ["-t", "1", "-c:v", "cinepak", ...pcm], { frames: 24, likeness: 0.5 }),
  encoded("Motion JPEG 2000 in QuickTime", "film.mov", ["-t", "2", "-c:v", "jpeg2000", ...pcm], { frames: 48 }),
  encoded("HEVC in MP4 with open groups of pictures", "film.mp4", [
    ...["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:open-gop=1:keyint=30:bframes=3"],
    ...["-tag:v", "hvc1", "-c:a", "aac"],
  ]),
  encoded("HEVC with 10 bits in Matroska", "film.mkv", [
    ...["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-pix_fmt", "yuv420p10"],
    ...["-c:a", "flac"],
  ]),
  encoded("AV1 by SVT in MP4", "film.mp4", ["-c:v", "libsvtav1", "-preset", "12", "-crf", "20", "-c:a", "aac"]),
  encoded(
    "AV1 by libaom in WebM",
    "film.webm",
    [...["-t", "3", "-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-c:a", "libopus"]],
    { frames: 72 },
  ),
  encoded("VP9 with hidden frames in WebM", "film.webm", [
    ...["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-auto-alt-ref", "1", "-lag-in-frames", "16"],
    ...["-b:v", "1M", "-c:a", "libopus"],
  ]),
  encoded("VP8 with Vorbis in WebM", "film.webm", [
    ...["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M", "-c:a", "libvorbis"],
  ]),
  encoded("VP9 in IVF", "film.ivf", [
    "-an",
    "-c:v",
    "libvpx-vp9",
    "-deadline",
    "realtime",
    "-cpu-used",
    "8",
    "-b:v",
    "1M",
  ]),
  encoded("H.264 in an MPEG transport stream", "film.ts", [...h264, "-x264-params", "open-gop=1", "-c:a", "mp2"]),
  encoded("the same with time codes before each packet", "film.m2ts", [
    ...h264,
    "-c:a",
    "ac3",
    "-mpegts_m2ts_mode",
    "1",
  ]),
  encoded("MPEG-2 in a program stream", "film.mpg", [
    ...["-c:v", "mpeg2video", ...sharp, "-bf", "2", "-g", "12", "-c:a", "mp2", "-f", "vob"],
  ]),
  encoded("MPEG-1 in a system stream", "film.mpg", [
    "-c:v",
    "mpeg1video",
    ...sharp,
    "-bf",
    "2",
    "-c:a",
    "mp2",
    "-f",
    "mpeg",
  ]),
  encoded(
    "Xvid with packed B-frames in AVI",
    "film.avi",
    ["-c:v", "libxvid", ...sharp, "-bf", "2", "-c:a", "libmp3lame"],
    {
      ...{ frames: 190 },
    },
  ),
  encoded("Motion JPEG in AVI", "film.avi", ["-c:v", "mjpeg", ...sharp, "-pix_fmt", "yuvj422p", ...pcm]),
  encoded("Huffyuv in AVI", "film.avi", ["-c:v", "huffyuv", "-pix_fmt", "yuv422p", ...pcm]),
  encoded("Microsoft MPEG-4 in AVI", "film.avi", ["-c:v", "msmpeg4", ...sharp, "-c:a", "libmp3lame"]),
  encoded("ZMBV with a palette in AVI", "film.avi", ["-t", "2", "-c:v", "zmbv", "-pix_fmt", "pal8", ...pcm], {
    ...{ frames: 48, likeness: 0.85 },
  }),
  encoded("uncompressed UYVY in AVI", "film.avi", ["-t", "2", "-c:v", "rawvideo", "-pix_fmt", "uyvy422", ...pcm], {
    ...{ frames: 48 },
  }),
  encoded("Sorenson Spark in Flash Video", "film.flv", ["-c:v", "flv", ...sharp, "-c:a", "libmp3lame"]),
  encoded("H.264 in Flash Video", "film.flv", [...h264, "-c:a", "aac"]),
  encoded("Flash Screen Video", "film.flv", ["-t", "2", "-c:v", "flashsv", "-an"], { frames: 48 }),
  encoded("Windows Media Video in ASF", "film.wmv", ["-c:v", "wmv2", ...sharp, "-c:a", "wmav2"]),
  encoded("Theora with Vorbis in Ogg", "film.ogv", ["-c:v", "libtheora", "-q:v", "9", "-c:a", "libvorbis"], {
    ...{ frames: 191 },
  }),
  encoded("MPEG-2 in MXF", "film.mxf", ["-c:v", "mpeg2video", ...sharp, ...pcm, "-ar", "48000"]),
  encoded("FFV1 with FLAC in NUT", "film.nut", ["-c:v", "ffv1", "-level", "3", "-c:a", "flac"]),
  encoded("UT Video in Matroska", "film.mkv", ["-c:v", "utvideo", "-pix_fmt", "gbrp", ...pcm]),
  encoded("RealVideo", "film.rm", [...scaled("176:144"), "-c:v", "rv20", ...sharp, "-an"], small),
  encoded("H.263 in 3GP", "film.3gp", [...scaled("176:144"), "-c:v", "h263", ...sharp, "-an"], small),
  encoded("MPEG-4 part 2 in 3GP", "film.3gp", ["-c:v", "mpeg4", ...sharp, "-c:a", "aac"]),
  encoded("MPEG-2 in Windows' recordings", "film.wtv", ["-c:v", "mpeg2video", ...sharp, "-c:a", "mp2"]),
  encoded(
    "GXF",
    "film.gxf",
    [
      ...[
        "-t",
        "2",
        "-c:v",
        "mpeg2video",
        ...sharp,
        "-vf",
        "fps=25,scale=720:576,setsar=1",
        "-ac",
        "1",
        "-ar",
        "48000",
      ],
    ],
    { frames: [49, 50], rate: 25, size: [720, 576], likeness: null },
  ),
  encoded("an animated GIF", "film.gif", ["-t", "2", "-vf", "fps=25,format=pal8"], {
    ...{ frames: 50, rate: 25, likeness: 0.8 },
  }),
  encoded("uncompressed YUV4MPEG", "film.y4m", ["-t", "2", "-pix_fmt", "yuv420p", "-an"], { frames: 48 }),
  encoded("bare H.264", "film.h264", ["-an", ...h264]),
  encoded(
    "bare HEVC",
    "film.hevc",
    ["-an", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"],
    {
      ...{},
    },
  ),
  encoded("bare MPEG-4 part 2", "film.m4v", ["-an", "-c:v", "mpeg4", ...sharp], {}),
  encoded("bare AV1", "film.obu", ["-an", "-c:v", "libsvtav1", "-preset", "12", "-crf", "20"], {
    ...{ rate: 25 },
  }),
  encoded(
    "DV with its fields",
    "film.dv",
    [...["-t", "2", "-vf", "scale=720:576,fps=25,interlace", "-pix_fmt", "yuv420p", "-ar", "48000", "-ac", "2"]],
    {
      ...{ size: [1024, 576] as const, frames: [24, 50] as const, rate: 25, likeness: null },
      check: ({ video }) => {
        assert.equal(video.interlaced, true);
      },
    },
  ),
  made("MP4 with its index first", "film.mp4", (path, bed) => copied(path, bed, ["-movflags", "+faststart"]), {
    ...{ frames: 192 },
  }),
  made("MP4 in fragments", "film.mp4", (path, bed) => copied(path, bed, ["-movflags", "+frag_keyframe+empty_moov"]), {
    ...{ frames: 192 },
  }),
  made(
    "MP4 in more fragments than anybody wants to list",
    "film.mp4",
    async (path, bed) => {
      await copied(path, bed, ["-movflags", "+frag_every_frame+empty_moov+separate_moof"]);
    },
    { frames: 192 },
  ),
  made("Smooth Streaming's fragments", "film.ismv", (path, bed) => copied(path, bed, ["-f", "ismv"]), { frames: 192 }),
  made(
    "Matroska that was streamed: no index, no length",
    "film.mkv",
    async (path, bed) => {
      await copied(path, bed, ["-f", "matroska", "-live", "1"]);
    },
    { frames: 192 },
  ),
  clip("mpeg4-mp3.avi", { size: [960, 400], frames: 96, rate: 24_000 / 1001, likeness: null }),
  clip("srt-subtitles.mkv", { size: [1080, 720], frames: 30, rate: 30 }),
  clip("mdat-too-long.mp4", { size: [1080, 720], frames: 30, rate: 29.97 }),
];
