// Holds a source against what must come of it: the probe's word, then every chunk encoded, joined as a player would, and
// decoded; each frame once, at its time, and like what ffmpeg decodes of the source by itself.
import assert from "node:assert/strict";
import { appendFile, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import type { Rung, VideoRange } from "@vstream/core/media.ts";
import { probeSource } from "../../node-agent/src/media/probe.ts";
import type { ProbedSource } from "../../node-agent/src/media/probe.ts";
import { readCaptions } from "../../node-agent/src/media/text-track.ts";
import { preRollSteps, transcodeChunk } from "../../node-agent/src/media/transcode-chunk.ts";
import type { EncodedChunk } from "../../node-agent/src/media/transcode-chunk.ts";
import type { Bed } from "./bed.ts";
import { checkRules } from "./check-rules.ts";
import type { Film, Refusal } from "./kinds.ts";

const tools = { ffmpegPath: "ffmpeg", ffprobePath: "ffprobe", ffmpegVersion: "", toolchain: "" };
const proveLimitMs = 60_000;
const rungWidth = 320;
const usualLikeness = 0.9;

export async function proveRefusal(sourcePath: string, refusal: Refusal): Promise<void> {
  try {
    const { probe } = await probe_(sourcePath);
    assert.fail(`it was taken as ${JSON.stringify(probe)}`);
  } catch (thrown) {
    if (!(thrown instanceof VsError)) throw thrown;
    assert.equal(thrown.code, refusal.code, thrown.message);
    assert.equal(thrown.exitCode, 7);
    assert.match(thrown.message, refusal.message ?? /\w/);
  }
}

/** @returns the file that a player would have got */
export async function proveFilm(sourcePath: string, film: Film, bed: Bed): Promise<string> {
  const source = await probe_(sourcePath, film.damaged);
  const { video, damaged, warnings } = source.probe;
  assert.equal(damaged, film.damaged ?? false);
  if (damaged) assert.match(warnings[0] ?? "", /the source (is cut off|breaks)|does not decode/);
  assert.deepEqual([video.width, video.height], film.size);
  const [least, most] = typeof film.frames === "number" ? [film.frames, film.frames] : film.frames;
  assert.ok(video.frames >= least && video.frames <= most, `${video.frames} frames`);
  const rate = film.rate ?? 24;
  assert.ok(Math.abs(video.frameRate - rate) <= rate / 1000, `${video.frameRate} a second`);
  await proveCaptions(sourcePath, source, film);
  film.check?.(source.probe);
  const rung = rungFor(video);
  const rungs = [rung, ...modernRungs(rung, video.videoRange)];
  const chunks = await encodeAll(sourcePath, source, { rungs, folder: `${sourcePath}.chunks` });
  const joinedPath = `${sourcePath}.joined.mp4`;
  for (const [place, { name, videoRange }] of rungs.entries()) {
    const path = place === 0 ? joinedPath : `${sourcePath}.${name}.mp4`;
    await join(path, chunks, place);
    await proveTimes(path, source, bed);
    await proveRange(path, videoRange, bed);
    if (place > 0) await rm(path);
  }
  await checkRules({ source, rungs, chunks }, `${sourcePath}.store`);
  for (const made of ["chunks", "store"]) await rm(`${sourcePath}.${made}`, { recursive: true });
  if (film.likeness !== null) await proveLikeness({ sourcePath, joinedPath, film, source, rung }, bed);
  return joinedPath;
}

async function probe_(sourcePath: string, allowDamaged = false): Promise<ProbedSource> {
  const signal = AbortSignal.timeout(proveLimitMs);
  return await probeSource({ tools, sourcePath, sourceBytes: (await stat(sourcePath)).size, signal, allowDamaged });
}

async function proveCaptions(sourcePath: string, { probe, timeline }: ProbedSource, film: Film): Promise<void> {
  const has = probe.text.some(({ captions }) => captions);
  assert.equal(has, film.captions !== undefined);
  if (!has) return;
  const signal = AbortSignal.timeout(proveLimitMs);
  const cues = await readCaptions({ tools, sourcePath, timeline, scratchFolder: dirname(sourcePath), signal });
  assert.deepEqual(cues, film.captions);
}

function rungFor(video: { width: number; height: number }): Rung {
  const scale = Math.min(1, rungWidth / Math.max(video.width, video.height));
  const even = (length: number): number => Math.max(2, Math.round((length * scale) / 2) * 2);
  return {
    ...{ name: "proof", width: even(video.width), height: even(video.height), codec: "h264", preset: "ultrafast" },
    ...{ crf: 8, maxrateBps: 20_000_000, bufferBits: 40_000_000, profile: "high", videoRange: "SDR" },
  };
}

// Of high dynamic range there is HEVC, too, as it is and for ordinary screens.
function modernRungs(rung: Rung, range: VideoRange): Rung[] {
  if (range === "SDR") return [];
  const hevc = { ...rung, codec: "hevc" as const };
  return [
    { ...hevc, name: "proof-hevc", profile: "main" },
    { ...hevc, name: "proof-hdr", profile: "main10", videoRange: range },
  ];
}

async function encodeAll(
  sourcePath: string,
  source: ProbedSource,
  { rungs, folder }: { rungs: readonly Rung[]; folder: string },
): Promise<EncodedChunk[]> {
  const chunks: EncodedChunk[] = [];
  for (let segment = 0; segment < source.probe.segments; segment += 1) {
    chunks.push(await encodeProved(sourcePath, source, { ...{ rungs, folder, segment }, before: chunks.at(-1) }));
  }
  return chunks;
}

// As the control plane has it: from further back until the joint is proved.
async function encodeProved(
  sourcePath: string,
  { timeline }: ProbedSource,
  work: { rungs: readonly Rung[]; folder: string; segment: number; before: EncodedChunk | undefined },
): Promise<EncodedChunk> {
  const { rungs, folder, segment, before } = work;
  for (const preRollKeyframes of preRollSteps) {
    const scratchFolder = `${folder}/${segment}-${preRollKeyframes}`;
    await mkdir(scratchFolder, { recursive: true });
    const encoded = await transcodeChunk({
      ...{ tools, sourcePath, timeline, scratchFolder, rungs, preRollKeyframes },
      chunk: { index: segment, firstSegment: segment, segmentCount: 1 },
      signal: AbortSignal.timeout(proveLimitMs),
    });
    if (before === undefined || encoded.joint.beforeFirst === before.joint.last) return encoded;
  }
  return assert.fail(`the joint before segment ${segment} is not proved`);
}

async function join(path: string, chunks: readonly EncodedChunk[], place: number): Promise<void> {
  const renditions = chunks.flatMap((chunk) => chunk.renditions[place] ?? []);
  const files = renditions.flatMap(({ segments }) => segments.map((segment) => segment.path));
  await writeFile(path, await readFile(renditions[0]?.initPath ?? ""));
  for (const file of files) await appendFile(path, await readFile(file));
}

/** Decodes strictly; every frame of the plan is there, once, at its time. */
async function proveTimes(joinedPath: string, { timeline }: ProbedSource, bed: Bed): Promise<void> {
  const strict = ["-v", "error", "-xerror", "-err_detect", "explode"];
  const said = await bed.ffmpegSays([
    ...[...strict, "-copyts", "-i", joinedPath, "-map", "0:v", "-fps_mode", "passthrough"],
    ...["-enc_time_base", `1:${timeline.timeScale}`, "-f", "framecrc", "-"],
  ]);
  const lines = said.split("\n").filter((line) => /^0,/.test(line));
  const times = lines.map((line) => Number(line.split(",")[2]));
  assert.deepEqual(times, [...timeline.plan]);
}

/** Players take it for what it is. */
async function proveRange(path: string, range: VideoRange, bed: Bed): Promise<void> {
  const said = await bed.ffmpegSays(["-i", path, "-c", "copy", "-f", "null", "-"]);
  const [, transfer = "SDR"] = /Video: .*(smpte2084|arib-std-b67)/.exec(said) ?? [];
  assert.equal(transfer, { SDR: "SDR", PQ: "smpte2084", HLG: "arib-std-b67" }[range]);
}

interface Likeness {
  readonly sourcePath: string;
  readonly joinedPath: string;
  readonly film: Film;
  readonly source: ProbedSource;
  readonly rung: Rung;
}

async function proveLikeness({ sourcePath, joinedPath, film, source, rung }: Likeness, bed: Bed): Promise<void> {
  const { stream, keepEvery } = source.timeline.picture;
  // The measure needs eight pixels of every colour.
  const numbered = `${rung.width < 32 ? "scale=iw*4:ih*4:flags=neighbor," : ""}settb=1/25,setpts=N`;
  const shown = [
    ...(film.shown === undefined ? [] : [film.shown]),
    ...(keepEvery > 1 ? [`select='not(mod(n,${keepEvery}))'`] : []),
    `scale=${rung.width}:${rung.height}:out_range=tv,format=yuv420p`,
  ].join(",");
  const said = await bed.ffmpegSays([
    ...["-v", "error", "-i", joinedPath, "-noautorotate", "-i", sourcePath, "-filter_complex"],
    `[0:v]${numbered}[a];[1:${stream}]${shown},${numbered}[b];[a][b]ssim=stats_file=-:shortest=1`,
    ...["-fps_mode", "passthrough", "-f", "null", "-"],
  ]);
  const values = [...said.matchAll(/All:([\d.]+)/g)].map((match) => Number(match[1]));
  assert.equal(values.length, source.probe.video.frames, "frames that could be compared");
  const least = Math.min(...values);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const wanted = film.likeness ?? usualLikeness;
  assert.ok(least >= wanted, `SSIM ${least} at frame ${values.indexOf(least)}, ${mean} in the mean`);
}
