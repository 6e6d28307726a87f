// Decodes every rendition of a stream with the ffmpeg of this machine. What it is given are the bytes that were fetched
// from the cluster, by its standard input: it opens no file and no connection by itself.
import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { finding } from "@vstream/authoring/findings.ts";
import type { Finding } from "@vstream/authoring/findings.ts";
import type { MediaRef } from "@vstream/authoring/parse-media.ts";
import { refKey } from "@vstream/authoring/views.ts";
import type { MediaView, StreamView } from "@vstream/authoring/views.ts";
import { VsError } from "@vstream/core/errors.ts";

const keptLength = 4_096;

export interface DecodeOptions {
  /** Hands over a file, or a part of one, as it comes, and goes on when that was taken; not longer than the answer. */
  readonly read: (ref: MediaRef, take: (chunk: Buffer) => Promise<void>) => Promise<void>;
  readonly onDecoded: (decoded: number, renditions: number) => void;
  readonly signal: AbortSignal;
  /** A path, or a name on the PATH. */
  readonly ffmpeg: string;
}

/**
 * Of all pathways, the one to the host that the multivariant playlist came from.
 * @throws VsError ffmpeg_missing; the signal's reason
 */
export async function decodeRenditions(stream: StreamView, options: DecodeOptions): Promise<Finding[]> {
  const { origin } = new URL(stream.multivariant.url);
  const views = [...stream.media.values()].filter(
    ({ kind, playlist }) => (kind === "video" || kind === "audio") && new URL(playlist.url).origin === origin,
  );
  const findings: Finding[] = [];
  for (const [index, view] of views.entries()) {
    findings.push(...(await decode(view, options)));
    options.onDecoded(index + 1, views.length);
  }
  return findings;
}

async function decode(view: MediaView, options: DecodeOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  let [pictures, samples] = [0, 0];
  for (const { map, segments } of runsOf(view)) {
    const { frames, error } = await runFfmpeg(view.kind, [...(map === null ? [] : [map]), ...segments], options);
    if (error !== null) findings.push(finding("Decodable", view.playlist.url, error));
    pictures += frames;
  }
  for (const segment of view.segments) for (const fragment of segment?.fragments ?? []) samples += fragment.samples;
  if (view.kind !== "video" || findings.length > 0 || pictures === samples) return findings;
  return [finding("Decodable", view.playlist.url, `${pictures} pictures come out of ${samples} samples`)];
}

interface Run {
  readonly map: MediaRef | null;
  readonly segments: readonly MediaRef[];
}

// Another init segment begins another stream.
function runsOf({ playlist }: MediaView): Run[] {
  const runs: { map: MediaRef | null; segments: MediaRef[] }[] = [];
  for (const { url, range, map, gap } of playlist.segments) {
    if (gap) continue;
    const last = runs.at(-1);
    const key = map === null ? "" : refKey(map);
    if (last !== undefined && (last.map === null ? "" : refKey(last.map)) === key) last.segments.push({ url, range });
    else runs.push({ map, segments: [{ url, range }] });
  }
  return runs;
}

async function runFfmpeg(
  kind: MediaView["kind"],
  files: readonly MediaRef[],
  { read, signal, ffmpeg }: DecodeOptions,
): Promise<{ readonly frames: number; readonly error: string | null }> {
  const track = kind === "video" ? "0:v:0" : "0:a:0";
  const limits = ["-protocol_whitelist", "pipe", "-format_whitelist", "mov", "-f", "mp4", "-i", "pipe:0"];
  const output = ["-map", track, "-fps_mode", "passthrough", "-f", "null", "-progress", "pipe:1", "-"];
  const args = ["-hide_banner", "-nostats", "-v", "error", "-xerror", "-err_detect", "explode", ...limits, ...output];
  const child = spawn(ffmpeg, args, { signal, stdio: "pipe" });
  let [progress, complaint] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (progress = (progress + chunk.toString("utf8")).slice(-keptLength)));
  child.stderr.on("data", (chunk: Buffer) => (complaint = (complaint + chunk.toString("utf8")).slice(0, keptLength)));
  const ended = endOf(child);
  ended.catch(() => undefined);
  try {
    await feed(child, files, read);
  } finally {
    child.stdin.end();
  }
  const code = await ended;
  const frames = Number([...progress.matchAll(/^frame=\s*(\d+)$/gm)].at(-1)?.[1] ?? 0);
  const [first = ""] = complaint.trim().split("\n");
  if (code === 0 && first === "") return { frames, error: null };
  return { frames, error: first === "" ? `ffmpeg ended with ${code ?? "a signal"}` : `ffmpeg says: ${first}` };
}

// An ffmpeg that has given up takes no more: what it says then is what counts.
async function feed(
  { stdin }: ChildProcessWithoutNullStreams,
  files: readonly MediaRef[],
  read: DecodeOptions["read"],
): Promise<void> {
  stdin.on("error", () => undefined);
  for (const file of files) {
    if (!stdin.writable) return;
    await read(file, async (chunk) => {
      if (stdin.writable && !stdin.write(chunk)) await roomIn(stdin);
    });
  }
}

// An ffmpeg that is gone has room for all that comes.
async function roomIn(stdin: ChildProcessWithoutNullStreams["stdin"]): Promise<void> {
  if (stdin.closed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stdin.off("drain", done).off("close", done);
      resolve();
    };
    stdin.once("drain", done).once("close", done);
  });
}

async function endOf(child: ChildProcessWithoutNullStreams): Promise<number | null> {
  return await new Promise((resolve, reject) => {
    child.once("error", (error) => {
      const isMissing = "code" in error && error.code === "ENOENT";
      reject(isMissing ? ffmpegMissing(error) : error);
    });
    child.once("close", resolve);
  });
}

function ffmpegMissing(cause: Error): VsError {
  return new VsError("ffmpeg_missing", "there is no ffmpeg on this machine to decode with", {
    hint: "Install it (apt-get install ffmpeg), or check without --decode",
    cause,
  });
}
