// Refusals of sources that more than one step can come to. Each names what is wrong with the file and what can be done.
import { VsError } from "@vstream/core/errors.ts";
import type { SourceStream } from "./source-shape.ts";

/** The longest source, in seconds. */
export const durationLimitSeconds = 24 * 3600;

export function tooLong(seconds: number): VsError {
  const hours = (value: number): string => (value / 3600).toFixed(1);
  return new VsError(
    "media_limit",
    `the source lasts ${hours(seconds)} h; ${hours(durationLimitSeconds)} h are allowed`,
    {
      hint: "Cut the source into parts and ingest them one by one",
    },
  );
}

/** Whether ffprobe, and so ffmpeg, knows what a stream is made of. */
export function isKnown(stream: SourceStream): boolean {
  return !["", "none", "unknown"].includes(stream.codec_name);
}

/** The refusal of a stream that nothing here decodes. */
export function unknownCodec(stream: SourceStream): VsError {
  const name = isKnown(stream) ? stream.codec_name : `not known (${stream.codec_tag_string})`;
  return new VsError(
    "unknown_codec",
    `the source's ${stream.codec_type} is in a codec that ffmpeg does not decode: ${name}`,
    {
      hint: "Convert it to H.264 and AAC or other common codecs first, or take the stream out",
    },
  );
}

export function noVideo(streams: readonly SourceStream[], audio: readonly SourceStream[]): VsError {
  // Sound without channels is what ffprobe makes of files that happen to begin like some format.
  if (audio.length === streams.length) return new VsError("not_media", "the source has no sound that can be decoded");
  const kinds = [...new Set(streams.map((stream) => stream.codec_type).filter((type) => type !== ""))];
  return new VsError("no_video", `the source has no video, only ${kinds.join(", ") || "data"}`);
}

/** The refusal of a file of which the end is missing. */
export function cutOff(how: string): VsError {
  return new VsError("source_truncated", `the source is cut off: ${how}`, {
    hint: "Copy the file again, whole; or publish what is there of it with --allow-damaged",
  });
}

export function encrypted(how: string): VsError {
  return new VsError("encrypted", `the source is encrypted: ${how}`, {
    hint: "Ingest a copy without content protection",
  });
}
