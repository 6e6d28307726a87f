// Finds out at start whether this machine can make media, and with what. Two nodes with the same toolchain make the
// same bytes from the same source. Without libx265 a node makes everything but HEVC.
import { createHash } from "node:crypto";
import { VsError } from "@vstream/core/errors.ts";
import { wholeToolchain } from "@vstream/core/toolchain.ts";
import { runToEnd } from "./guarded-process.ts";

export interface MediaTools {
  readonly ffmpegPath: string;
  readonly ffprobePath: string;
  readonly ffmpegVersion: string;
  /** Names the builds, the kind of processor and the recipe; not the processor's instruction sets. core/toolchain.ts */
  readonly toolchain: string;
}

/** One more whenever the arguments, filters or box layout change, so that old and new chunks never mix. */
const recipeVersion = 3;
/** The same for what is in HEVC alone. */
const hevcRecipeVersion = 1;
/** Of ffmpeg 5.1: development builds have no version of their own. */
const leastLibavcodec = [59, 37] as const;
const checkLimitMs = 30_000;

/**
 * Tries the tools out.
 * @throws VsError ffmpeg_missing when a program or an encoder is not there, ffmpeg_too_old before 5.1
 */
export async function checkMediaTools(paths: { ffmpegPath: string; ffprobePath: string }): Promise<MediaTools> {
  const signal = AbortSignal.timeout(checkLimitMs);
  await run("setpriv", ["--version"], signal);
  await run(paths.ffprobePath, ["-version"], signal);
  const build = await run(paths.ffmpegPath, ["-version"], signal);
  const version = checkVersion(build, paths.ffmpegPath);
  const trial = await run(paths.ffmpegPath, trialArguments, signal);
  const x264 = /core \d+ r?[\w ]*/.exec(trial)?.[0];
  if (x264 === undefined) throw missing(`${paths.ffmpegPath} has no libx264`, trial);
  const plain = hashOf([recipeVersion, process.arch, buildLines(build), x264.trim()], 16);
  const x265 = await findX265(paths.ffmpegPath, signal);
  const toolchain = wholeToolchain(plain, x265 === null ? null : hashOf([hevcRecipeVersion, x265], 8));
  return { ...paths, ffmpegVersion: version, toolchain };
}

function hashOf(words: unknown, length: number): string {
  return createHash("sha256").update(JSON.stringify(words)).digest("hex").slice(0, length);
}

// Encodes one frame and a little silence: the encoders are there, work, and name their build.
const trialArguments = [
  ...["-nostdin", "-hide_banner", "-f", "lavfi", "-i", "color=size=64x64:rate=25", "-f", "lavfi", "-i", "anullsrc"],
  ...["-map", "0:v", "-map", "1:a", "-t", "0.04", "-c:v", "libx264", "-flags:v", "+global_header", "-c:a", "aac"],
  ...["-bsf:v", "filter_units=remove_types=6,setts=duration=1", "-f", "null", "-"],
];

// Ten bits, which not every build has; x265 names its version and its build.
const hevcTrialArguments = [
  ...["-nostdin", "-hide_banner", "-f", "lavfi", "-i", "color=size=64x64:rate=25", "-t", "0.04"],
  ...["-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-x265-params", "pools=none:log-level=info", "-f", "null", "-"],
];

/** Null: it cannot be used. */
async function findX265(ffmpegPath: string, signal: AbortSignal): Promise<string[] | null> {
  const { exitCode, text } = await runToEnd({ program: ffmpegPath, args: hevcTrialArguments, signal });
  const lines = text.split("\n").filter((line) => /^x265 \[info\]: (HEVC encoder version|build info) /.test(line));
  return exitCode === 0 && lines.length > 0 ? lines : null;
}

// Other lines are remarks about how it was started.
function buildLines(build: string): string[] {
  return build.split("\n").filter((line) => /^(ffmpeg version|\s*built with|\s*configuration:|\s*lib\w+\s)/.test(line));
}

function checkVersion(build: string, path: string): string {
  const version = /^ffmpeg version (\S+)/m.exec(build)?.[1];
  const library = /libavcodec\s+(\d+)\.\s*(\d+)\./.exec(build);
  if (version === undefined || library === null) throw missing(`${path} is not ffmpeg`, build);
  const [major, minor] = [Number(library[1]), Number(library[2])];
  if (major < leastLibavcodec[0] || (major === leastLibavcodec[0] && minor < leastLibavcodec[1])) {
    throw new VsError("ffmpeg_too_old", `${path} is version ${version}; 5.1 or newer is needed`, {
      hint: "Install ffmpeg 5.1 or newer, and name it by ffmpegPath and ffprobePath",
    });
  }
  return version;
}

async function run(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  try {
    const outcome = await runToEnd({ program, args, signal });
    if (outcome.exitCode === 0) return outcome.text;
    throw missing(`${program} ${args[0] ?? ""} ended with ${outcome.exitCode ?? "a signal"}`, outcome.text);
  } catch (cause) {
    if (cause instanceof VsError) throw cause;
    throw missing(`${program} cannot be started`, cause instanceof Error ? cause.message : "", cause);
  }
}

function missing(what: string, detail: string, cause?: unknown): VsError {
  const lastLine = detail.trim().split("\n").at(-1) ?? "";
  return new VsError("ffmpeg_missing", lastLine === "" ? what : `${what}: ${lastLine}`, {
    hint: "Install ffmpeg 5.1 or newer with libx264, and util-linux for setpriv: apt-get install ffmpeg util-linux",
    cause,
  });
}
