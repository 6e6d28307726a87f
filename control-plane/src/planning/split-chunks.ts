// How a source is cut into chunks. Depends on the number of segments and on one setting, never on how many nodes there
// are, so that the same chunk gives the same bytes wherever and whenever it is encoded (docs/decisions/006).
import type { Chunk } from "@vstream/core/media.ts";

/**
 * 30 s: no viewer of a growing stream waits longer for the next piece, and a lost chunk costs no more to make again.
 */
export const longestChunkSegments = 5;

/**
 * A minute. What is shorter is cut into single segments: that every node finds work counts for more than what it costs.
 */
const shortClipSegments = 10;

// Each chunk costs the start of an ffmpeg, a pre-roll and new encoders, together about 0.2 s of a processor: of a
// quarter of the clip that is little, and a handful of nodes still find work.
const partsOfLongerClip = 4;

/**
 * The first chunk is a single segment, so that playing can begin early, and none is longer than all before it, so that
 * a viewer of a growing stream does not run dry while the next is encoded at the speed of playing. Together they cover
 * every segment once.
 * @param limit the most segments of one chunk, as the operator wishes; null: by the length
 */
export function splitChunks(segments: number, limit: number | null): Chunk[] {
  const largest = limit ?? largestFor(segments);
  const chunks: Chunk[] = [];
  for (let first = 0; first < segments;) {
    const segmentCount = Math.min(Math.max(first, 1), largest, segments - first);
    chunks.push({ index: chunks.length, firstSegment: first, segmentCount });
    first += segmentCount;
  }
  return chunks;
}

function largestFor(segments: number): number {
  if (segments < shortClipSegments) return 1;
  return Math.min(Math.round(segments / partsOfLongerClip), longestChunkSegments);
}
