// What a viewer gets from a playback URL, read with ffprobe and plain HTTP: the oracle of the end-to-end tests.
import { createHash } from "node:crypto";
import { runProgram } from "./cluster.ts";

export interface DecodedStream {
  /** Presentation times of the decoded frames, seconds, in order. */
  readonly videoTimes: readonly number[];
  readonly audioStart: number;
  readonly audioEnd: number;
}

/** Decodes the first video and the first audio stream of a URL. Fails on any message of the decoder. */
export async function decodeStream(url: string): Promise<DecodedStream> {
  const video = await framesOf(onePathway(url), "v:0");
  const audio = await framesOf(onePathway(url), "a:0");
  const last = audio.at(-1);
  return {
    videoTimes: video.map((frame) => frame.time),
    audioStart: audio[0]?.time ?? Number.NaN,
    audioEnd: last === undefined ? Number.NaN : last.time + last.duration,
  };
}

/**
 * The same multivariant playlist with this node's paths alone: what is looked at is what this node gives, and ffmpeg,
 * which knows no pathways, would read every one of them.
 */
export function onePathway(multivariantUrl: string): string {
  return `${multivariantUrl}?pathways=one`;
}

async function framesOf(url: string, stream: string): Promise<{ time: number; duration: number }[]> {
  const entries = "frame=pts_time,pkt_duration_time,nb_samples";
  const probe = await runProgram("ffprobe", [
    "-v",
    "error",
    "-select_streams",
    stream,
    "-show_entries",
    entries,
    "-of",
    "json",
    url,
  ]);
  if (probe.code !== 0 || probe.stderr !== "") throw new Error(`ffprobe of ${url} (${stream}): ${probe.stderr}`);
  const { frames } = JSON.parse(probe.stdout) as {
    frames: { pts_time: string; pkt_duration_time?: string; nb_samples?: number }[];
  };
  return frames.map((frame) => ({
    time: Number(frame.pts_time),
    duration: frame.nb_samples === undefined ? Number(frame.pkt_duration_time ?? 0) : frame.nb_samples / 48_000,
  }));
}

/** Every media playlist's URL below a multivariant playlist, on the same node. */
export async function mediaPlaylists(multivariantUrl: string): Promise<string[]> {
  const text = await fetchText(onePathway(multivariantUrl));
  const uris = text.split("\n").flatMap((line) => {
    if (line.startsWith("#EXT-X-MEDIA")) return /URI="([^"]+)"/.exec(line)?.[1] ?? [];
    return line !== "" && !line.startsWith("#") ? line : [];
  });
  return [...new Set(uris)].map((uri) => new URL(uri, multivariantUrl).href);
}

/** Init and media segments that a media playlist names, as absolute URLs. */
export async function segmentsOf(playlistUrl: string): Promise<string[]> {
  const text = await fetchText(playlistUrl);
  const uris = text.split("\n").flatMap((line) => {
    if (line.startsWith("#EXT-X-MAP")) return /URI="([^"]+)"/.exec(line)?.[1] ?? [];
    return line !== "" && !line.startsWith("#") ? line : [];
  });
  return uris.map((uri) => new URL(uri, playlistUrl).href);
}

/** Names (hashes) of all files of an asset, sorted; each is fetched and held against its name. */
export async function segmentHashes(multivariantUrl: string): Promise<string[]> {
  const playlists = await mediaPlaylists(multivariantUrl);
  const urls = (await Promise.all(playlists.map(segmentsOf))).flat();
  const hashes = await Promise.all([...new Set(urls)].map(checkedHash));
  return hashes.sort();
}

async function checkedHash(url: string): Promise<string> {
  const named = /([0-9a-f]{64})\.\w+$/.exec(url)?.[1] ?? "";
  const response = await fetch(url);
  const bytes = Buffer.from(await response.arrayBuffer());
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (response.status !== 200 || actual !== named)
    throw new Error(`${url}: status ${response.status}, bytes of ${actual}`);
  return named;
}

export async function fetchText(url: string): Promise<string> {
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`${url}: status ${response.status}`);
  return await response.text();
}
