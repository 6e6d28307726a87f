// For tests: a small stream that keeps every rule, made by ffmpeg of a real clip: two variants, two audio tracks, text,
// I-frames, an MPD, and the whole of it on two pathways. Its figures come from ffmpeg and ffprobe, not from the code
// that is tested.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Files by their path below the asset. */
export type SampleFiles = ReadonlyMap<string, Buffer>;

const run = promisify(execFile);
const clip = join(import.meta.dirname, "../../../test/media/bbb-480p-30s.mp4");
const seconds = 12;
/** Files of a group of pictures that make a segment. */
const groupsPerSegment = 3;
const segmentsWanted = 2;

interface Track {
  readonly name: string;
  readonly folder: string;
  readonly segments: { bytes: Buffer; seconds: number }[];
  readonly iFrames: { segment: number; offset: number; bytes: number; seconds: number }[];
}

const videoTracks = [
  { name: "v180", height: 180, width: 320, bitrate: "300k" },
  { name: "v144", height: 144, width: 256, bitrate: "120k" },
];
const audioTracks = [
  { name: "en", label: "English", filter: "anull" },
  { name: "de", label: "Deutsch", filter: "volume=0.7" },
];

export async function makeSampleStream(): Promise<SampleFiles> {
  const folder = await mkdtemp(join(tmpdir(), "authoring-"));
  try {
    await encode(folder);
    const files = new Map<string, Buffer>();
    const videos = await Promise.all(videoTracks.map(({ name }) => readTrack(folder, name, files)));
    const audios = await Promise.all(audioTracks.map(({ name }) => readTrack(folder, name, files)));
    for (const track of [...videos, ...audios])
      setText(files, `${track.folder}/${track.name}.m3u8`, mediaPlaylist(track));
    for (const track of videos) setText(files, `iframes/${track.name}.m3u8`, iFramePlaylist(track));
    addText(files);
    files.set("interlaced-init.mp4", await interlacedInit(folder));
    const codecs = await Promise.all(videoTracks.map(({ name }) => codecOf(join(folder, name))));
    setText(files, "index.m3u8", multivariant(videos, audios, codecs));
    setText(files, "manifest.mpd", mpd([...videos, ...audios]));
    setText(files, "steering", JSON.stringify({ VERSION: 1, TTL: 10, "PATHWAY-PRIORITY": ["one", "two"] }));
    return files;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function setText(files: Map<string, Buffer>, path: string, text: string): void {
  files.set(path, Buffer.from(text));
}

async function encode(folder: string): Promise<void> {
  const hls = (name: string): string[] => [
    ...["-f", "hls", "-hls_time", "2", "-hls_list_size", "0", "-hls_segment_type", "fmp4"],
    ...["-hls_fmp4_init_filename", `${name}-init.mp4`, "-hls_segment_filename", join(folder, `${name}-%02d.m4s`)],
    join(folder, `${name}.m3u8`),
  ];
  const video = videoTracks.flatMap(({ name, width, height, bitrate }) => [
    ...["-map", "0:v:0", "-vf", `scale=${width}:${height},setsar=1`, "-c:v", "libx264", "-preset", "ultrafast"],
    ...["-profile:v", "main", "-coder", "1", "-level", "3.0", "-bf", "0", "-g", "48", "-sc_threshold", "0"],
    ...["-b:v", bitrate, "-maxrate", bitrate, "-bufsize", bitrate, ...hls(name)],
  ]);
  const audio = audioTracks.flatMap(({ name, filter }) => [
    ...["-map", "0:a:0", "-af", filter, "-c:a", "aac", "-ac", "2", "-b:a", "64k", ...hls(name)],
  ]);
  await run("ffmpeg", ["-v", "error", "-t", String(seconds), "-i", clip, ...video, ...audio], { timeout: 60_000 });
  for (const { name } of videoTracks) {
    await run("ffmpeg", ["-v", "error", "-i", join(folder, `${name}.m3u8`), "-c", "copy", join(folder, `${name}.mp4`)]);
  }
}

// For a stream that is damaged: like v180's, of interlaced pictures.
async function interlacedInit(folder: string): Promise<Buffer> {
  const coding = ["-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "main", "-coder", "1", "-level", "3.0"];
  const init = ["-f", "hls", "-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "interlaced-init.mp4"];
  const frames = ["-x264-params", "tff=1", "-bf", "0", "-frames:v", "4", ...init, join(folder, "interlaced.m3u8")];
  const scale = ["-vf", "scale=320:180,setsar=1"];
  await run("ffmpeg", ["-v", "error", "-i", clip, "-an", ...scale, ...coding, ...frames], { timeout: 60_000 });
  return await readFile(join(folder, "interlaced-init.mp4"));
}

// As ffmpeg says it of a file: the profile's number, its constraints and the level are in the configuration record.
async function codecOf(base: string): Promise<string> {
  const init = await readFile(`${base}-init.mp4`);
  const at = init.indexOf("avcC");
  return `avc1.${init.toString("hex", at + 5, at + 8)}`;
}

async function readTrack(folder: string, name: string, files: Map<string, Buffer>): Promise<Track> {
  files.set(`${name}-init.mp4`, await readFile(join(folder, `${name}-init.mp4`)));
  const isVideo = videoTracks.some((track) => track.name === name);
  const playlist = await readFile(join(folder, `${name}.m3u8`), "utf8");
  const lengths = [...playlist.matchAll(/#EXTINF:([\d.]+)/g)].map(([, length]) => Number(length));
  const keySizes = isVideo ? await keyFrameSizes(join(folder, `${name}.mp4`)) : [];
  const names = (await readdir(folder)).filter((file) => file.startsWith(`${name}-`) && file.endsWith(".m4s")).sort();
  const track: Track = { name, folder: isVideo ? "video" : "audio", segments: [], iFrames: [] };
  for (const [index, file] of names.entries()) {
    const whole = await readFile(join(folder, file));
    const group = whole.subarray(whole.indexOf("moof") - 4);
    const length = lengths[index] ?? 0;
    // Sound may have a frame more than the video: it goes to the last segment.
    const begins = index % groupsPerSegment === 0 && index < segmentsWanted * groupsPerSegment;
    const last = begins ? undefined : track.segments.pop();
    const before = last?.bytes ?? Buffer.alloc(0);
    const iFrame = { offset: before.length, bytes: group.readUInt32BE(0) + 8 + (keySizes[index] ?? 0) };
    track.iFrames.push({ segment: track.segments.length, seconds: length, ...iFrame });
    track.segments.push({ bytes: Buffer.concat([before, group]), seconds: (last?.seconds ?? 0) + length });
  }
  for (const [index, { bytes }] of track.segments.entries()) files.set(`${name}-${index}.m4s`, bytes);
  return track;
}

async function keyFrameSizes(path: string): Promise<number[]> {
  const args = ["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=size,flags", "-of", "csv=p=0", path];
  const { stdout } = await run("ffprobe", args);
  const packets = stdout.trim().split("\n");
  return packets.filter((line) => line.includes("K")).map((line) => Number.parseInt(line, 10));
}

const head = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:6", "#EXT-X-PLAYLIST-TYPE:VOD"];

function mediaPlaylist({ name, segments }: Track): string {
  const lines = segments.flatMap((segment, index) => [
    `#EXTINF:${segment.seconds.toFixed(6)},`,
    `../${name}-${index}.m4s`,
  ]);
  const map = `#EXT-X-MAP:URI="../${name}-init.mp4"`;
  return [...head, "#EXT-X-INDEPENDENT-SEGMENTS", map, ...lines, "#EXT-X-ENDLIST", ""].join("\n");
}

function iFramePlaylist({ name, iFrames }: Track): string {
  const lines = iFrames.flatMap(({ segment, offset, bytes, seconds: length }) => [
    `#EXTINF:${length.toFixed(6)},`,
    `#EXT-X-BYTERANGE:${bytes}@${offset}`,
    `../${name}-${segment}.m4s`,
  ]);
  const map = `#EXT-X-MAP:URI="../${name}-init.mp4"`;
  return [...head, "#EXT-X-I-FRAMES-ONLY", map, ...lines, "#EXT-X-ENDLIST", ""].join("\n");
}

function addText(files: Map<string, Buffer>): void {
  const lines = [0, 1].flatMap((index) => ["#EXTINF:6.000000,", `${index}.vtt`]);
  setText(files, "text/en.m3u8", [...head, ...lines, "#EXT-X-ENDLIST", ""].join("\n"));
  for (const index of [0, 1]) {
    const [from, to] = [index * 6 + 1, index * 6 + 4].map((second) => `00:00:${String(second).padStart(2, "0")}.000`);
    const header = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0";
    setText(files, `text/${index}.vtt`, `${header}\n\n${from} --> ${to} line:-2\nWords ${index}\n`);
  }
}

function multivariant(videos: readonly Track[], audios: readonly Track[], codecs: readonly string[]): string {
  const pathways = ["one", "two"];
  const audioRates = audios.map(ratesOf);
  const largest = (of: (rate: { peak: number; average: number }) => number): number => Math.max(...audioRates.map(of));
  const media = pathways.flatMap((id) => [
    ...audioTracks.map(
      ({ name, label }, index) =>
        `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio-${id}",LANGUAGE="${name}",NAME="${label}",` +
        `DEFAULT=${index === 0 ? "YES" : "NO"},AUTOSELECT=YES,CHANNELS="2",STABLE-RENDITION-ID="audio-${index}",` +
        `URI="${id}/audio/${name}.m3u8"`,
    ),
    `#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text-${id}",LANGUAGE="en",NAME="English",DEFAULT=NO,AUTOSELECT=YES,` +
      `STABLE-RENDITION-ID="text-0",URI="${id}/text/en.m3u8"`,
  ]);
  const variants = pathways.flatMap((id) =>
    videos.flatMap((video, index) => {
      const { peak, average } = ratesOf(video);
      const { width = 0, height = 0 } = videoTracks[index] ?? {};
      const largestPeak = Math.ceil(peak + largest((rate) => rate.peak));
      const largestAverage = Math.ceil(average + largest((rate) => rate.average));
      return [
        `#EXT-X-STREAM-INF:BANDWIDTH=${largestPeak},AVERAGE-BANDWIDTH=${largestAverage},` +
          `CODECS="${codecs[index] ?? ""},mp4a.40.2",RESOLUTION=${width}x${height},FRAME-RATE=24.000,` +
          `CLOSED-CAPTIONS=NONE,STABLE-VARIANT-ID="${video.name}",PATHWAY-ID="${id}",AUDIO="audio-${id}",` +
          `SUBTITLES="text-${id}"`,
        `${id}/video/${video.name}.m3u8`,
      ];
    }),
  );
  const iFrames = pathways.flatMap((id) =>
    videos.map((video, index) => {
      const { width = 0, height = 0 } = videoTracks[index] ?? {};
      return (
        `#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,CODECS="${codecs[index] ?? ""}",RESOLUTION=${width}x${height},` +
        `PATHWAY-ID="${id}",URI="${id}/iframes/${video.name}.m3u8"`
      );
    }),
  );
  const steering = '#EXT-X-CONTENT-STEERING:SERVER-URI="steering",PATHWAY-ID="one"';
  const begin = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS", steering];
  return [...begin, ...media, ...variants, ...iFrames, ""].join("\n");
}

function ratesOf({ segments }: Track): { average: number; peak: number } {
  const bits = segments.reduce((sum, segment) => sum + segment.bytes.length * 8, 0);
  const length = segments.reduce((sum, segment) => sum + segment.seconds, 0);
  return { average: bits / length, peak: Math.max(...segments.map((one) => (one.bytes.length * 8) / one.seconds)) };
}

function mpd(tracks: readonly Track[]): string {
  const representations = tracks.map(({ name, segments }) => {
    const urls = segments.map((_, index) => `<SegmentURL media="${name}-${index}.m4s"/>`).join("");
    const times = segments.map((segment) => `<S d="${Math.round(segment.seconds * 1000)}"/>`).join("");
    const begin = `<Initialization sourceURL="${name}-init.mp4"/><SegmentTimeline>${times}</SegmentTimeline>`;
    const list = `<SegmentList timescale="1000">${begin}${urls}</SegmentList>`;
    return `<AdaptationSet><Representation id="${name}">${list}</Representation></AdaptationSet>`;
  });
  const duration = `mediaPresentationDuration="PT${seconds}.000S"`;
  const attributes = `xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" ${duration}`;
  const period = `<Period id="0">${representations.join("\n")}</Period>`;
  return `<?xml version="1.0"?>\n<!-- a > b -->\n<MPD ${attributes}><BaseURL>one/</BaseURL>${period}</MPD>\n`;
}
