// What runs of ffmpeg and ffprobe say about their input, and what all of them have in common. The input is hostile:
// only local files of known container formats are opened, never a playlist, a script or a URL, whatever the file is
// named or claims to be.

/** Demuxers that may open a source. Playlists and scripts (hls, dash, concat, image sequences) are not among them. */
const demuxers = [
  ...["mov", "matroska", "webm", "mpegts", "mpeg", "avi", "flv", "live_flv", "ogg", "asf", "mxf", "ivf", "nut", "dv"],
  ...["rm", "wtv", "gxf", "gif", "yuv4mpegpipe"],
  ...["h264", "hevc", "m4v", "mpegvideo", "av1", "obu"],
  ...["flac", "mp3", "wav", "w64", "aac", "ac3", "eac3", "aiff", "caf"],
  ...["dts", "truehd", "loas", "wv", "tta", "ape", "au"],
];

export const demuxerList = demuxers.join(",");

/** Pictures with more pixels are refused, by the probe and by the decoder itself: 8192x4352. */
export const pixelLimit = 8192 * 4352;

/** Nothing is ever asked, and only warnings are printed. */
export const quietArguments: readonly string[] = ["-hide_banner", "-loglevel", "warning"];

/** How far a source is read for a stream that begins late. */
const lookSeconds = 30;
const lookBytes = 64 * 1024 * 1024;

/**
 * Options that stand before `-i` (ffmpeg) or before the input (ffprobe). Runs that look less far than others would find
 * other streams, and number them otherwise.
 */
export const inputGuard: readonly string[] = [
  ...["-protocol_whitelist", "file"],
  ...["-format_whitelist", demuxerList],
  ...["-max_pixels", String(pixelLimit)],
  ...["-analyzeduration", String(lookSeconds * 1e6), "-probesize", String(lookBytes)],
];

/** A path as an input: without the prefix a file named `http:x.mp4` would be taken for a URL. */
export function inputPath(path: string): string {
  return `file:${path}`;
}

/** Of every encode. Progress once a second, as often as it is passed on. */
export const globalArguments: readonly string[] = [
  ...["-nostdin", ...quietArguments, "-y", "-nostats", "-stats_period", "1", "-progress", "pipe:2"],
];

/** The same bytes whenever and wherever: no dates, no names of tools, nothing of the source's metadata. */
export const plainOutput: readonly string[] = ["-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"];

/** The instructions that every processor of a kind has; null: there is only one kind of each. */
export function baselineFlags(arch: string): string | null {
  // MMX is named too because ffmpeg remarks on it otherwise.
  return arch === "x64" ? "mmx+sse2" : null;
}

/** Sums of floats differ between instruction sets: everybody takes those that every processor of a kind has. */
export function processorArguments(arch: string): string[] {
  const flags = baselineFlags(arch);
  return flags === null ? [] : ["-cpuflags", flags];
}
