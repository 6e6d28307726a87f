// What every run of ffmpeg and ffprobe says about its input. The input is hostile: only local files of known
// container formats are opened, never a playlist, a script or a URL, whatever the file is named or claims to be.

/** Demuxers that may open a source. Playlists and scripts (hls, dash, concat, image sequences) are not among them. */
const demuxers = [
  ...["mov", "matroska", "webm", "mpegts", "mpeg", "avi", "flv", "live_flv", "ogg", "asf", "mxf", "ivf", "nut", "dv"],
  ...["h264", "hevc", "m4v", "mpegvideo", "av1", "obu"],
  ...["flac", "mp3", "wav", "w64", "aac", "ac3", "eac3", "aiff", "caf"],
];

/** Pictures with more pixels are refused, by the probe and by the decoder itself: 8192x4352. */
export const pixelLimit = 8192 * 4352;

/** Nothing is ever asked, and only warnings are printed. */
export const quietArguments: readonly string[] = ["-hide_banner", "-loglevel", "warning"];

/** Options that stand before `-i` (ffmpeg) or before the input (ffprobe). */
export const inputGuard: readonly string[] = [
  ...["-protocol_whitelist", "file"],
  ...["-format_whitelist", demuxers.join(",")],
  ...["-max_pixels", String(pixelLimit)],
];

/** A path as an input: without the prefix a file named `http:x.mp4` would be taken for a URL. */
export function inputPath(path: string): string {
  return `file:${path}`;
}
