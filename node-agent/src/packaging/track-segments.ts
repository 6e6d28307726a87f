// The released segments of one track in playing order. Video and audio end at the same chunk, the last one of which
// every track is there: a player that saw more audio than video would stop in a place that looks like an end. Text is
// cut where the video is and has the same edge.
import type {
  AudioContent,
  Keyframe,
  Manifest,
  ObjectRef,
  RenditionSegments,
  VideoContent,
} from "@vstream/core/media.ts";

export interface TrackSegment {
  readonly object: ObjectRef;
  readonly init: ObjectRef;
  readonly chunk: number;
  /** RFC 6381. */
  readonly codecs: string;
  readonly startTicks: number;
  readonly durationTicks: number;
  readonly timeScale: number;
  readonly keyframes: readonly Keyframe[];
}

/** How many leading chunks are there for every track. */
export function edgeOf(manifest: Manifest): number {
  const pieces = new Set<string>();
  for (const { content } of manifest.pieces) {
    if (content.kind === "video") pieces.add(`video ${String(content.chunk)}`);
    if (content.kind === "audio") pieces.add(`audio ${String(content.track)} ${String(content.chunk)}`);
  }
  for (let chunk = 0; chunk < manifest.releasedChunks; chunk += 1) {
    const wanted = [
      `video ${String(chunk)}`,
      ...manifest.audio.map(({ target }) => `audio ${String(target.track)} ${String(chunk)}`),
    ];
    if (!wanted.every((piece) => pieces.has(piece))) return chunk;
  }
  return manifest.releasedChunks;
}

/** @returns null when the asset has no such rung */
export function videoSegments(manifest: Manifest, rung: string): TrackSegment[] | null {
  if (!manifest.renditions.some((rendition) => rendition.rung.name === rung)) return null;
  const edge = edgeOf(manifest);
  return manifest.pieces
    .map((piece) => piece.content)
    .filter((content): content is VideoContent => content.kind === "video" && content.chunk < edge)
    .sort((one, other) => one.chunk - other.chunk)
    .flatMap((content) => {
      const rendition = content.renditions.find((candidate) => candidate.rung === rung);
      return rendition === undefined ? [] : segmentsOf(rendition, content);
    });
}

/** @returns null when the asset has no such audio track */
export function audioSegments(manifest: Manifest, track: number): TrackSegment[] | null {
  if (!manifest.audio.some((audio) => audio.target.track === track)) return null;
  const edge = edgeOf(manifest);
  return manifest.pieces
    .map((piece) => piece.content)
    .filter((content): content is AudioContent => content.kind === "audio" && content.chunk < edge)
    .filter((content) => content.track === track)
    .sort((one, other) => one.chunk - other.chunk)
    .flatMap((content) => segmentsOf(content.rendition, content));
}

/** Those that all others are cut like: of any rung, for their boundaries are the same. */
export function pacingSegments(manifest: Manifest): TrackSegment[] {
  const [rendition] = manifest.renditions;
  return rendition === undefined ? [] : (videoSegments(manifest, rendition.rung.name) ?? []);
}

function segmentsOf(rendition: RenditionSegments, piece: { chunk: number; timeScale: number }): TrackSegment[] {
  const { init, codecs } = rendition;
  const { chunk, timeScale } = piece;
  return rendition.segments.map((segment) => ({ ...segment, init, codecs, chunk, timeScale }));
}
