// Finds audio streams of which not one sample can be decoded, though their codec is known: damaged or empty ones. They
// are left out; the others keep their numbers.
import { VsError } from "@vstream/core/errors.ts";
import type { AudioStream } from "@vstream/core/media.ts";
import { trialArguments } from "./audio-arguments.ts";
import type { ProbeTarget } from "./describe-source.ts";
import { runFfprobe } from "./run-ffprobe.ts";
import type { SourceTracks } from "./tracks-of.ts";

/** Packets that are tried; decoders want some of a damaged beginning before they give sound. */
const triedPackets = 1000;
const shortestLimitMs = 120_000;
const longestLimitMs = 24 * 3600 * 1000;
/** Of a film in which such packets are few, much is read. */
const leastBytesPerMs = 5000;
const trialByteLimit = 1024 * 1024;

/**
 * The same tracks without audio that gives nothing.
 * @throws VsError ffmpeg_missing, timed_out, storage_full, unknown_codec; the signal's reason
 */
export async function withoutMute(target: ProbeTarget, tracks: SourceTracks): Promise<SourceTracks> {
  const audio: AudioStream[] = [];
  const warnings = [...tracks.warnings];
  for (const stream of tracks.audio) {
    if (await givesSound(target, stream.track)) audio.push(stream);
    else warnings.push(`nothing of its sound ${stream.track} (${stream.codec}) can be decoded: it is left out`);
  }
  return { ...tracks, audio, warnings };
}

/** What a damaged stream can cause; anything else says nothing of it. */
const saysOfStream: readonly string[] = ["ffmpeg_failed", "ffmpeg_killed", "media_limit"];

async function givesSound(target: ProbeTarget, track: number): Promise<boolean> {
  let heard = false;
  try {
    await runFfprobe({
      ffprobePath: target.tools.ffprobePath,
      args: trialArguments({ sourcePath: target.sourcePath, stream: track }, triedPackets),
      signal: target.signal,
      timeLimitMs: Math.min(shortestLimitMs + Math.ceil(target.sourceBytes / leastBytesPerMs), longestLimitMs),
      outputByteLimit: trialByteLimit,
      onLine: (line) => {
        heard ||= Number(line.split(",")[0]) > 0;
      },
    });
  } catch (thrown) {
    if (!(thrown instanceof VsError) || !saysOfStream.includes(thrown.code)) throw thrown;
  }
  return heard;
}
