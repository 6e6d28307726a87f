// How a source is cut into chunks. Depends on the number of segments alone, never on how many nodes there are, so
// that the same chunk gives the same bytes wherever and whenever it is encoded.
import type { Chunk } from "@vstream/core/media.ts";

// About twenty chunks keep a handful of nodes busy; five segments (30 s) keep the restart of the rate model and the
// pre-roll small against the encode.
const chunkGoal = 20;
const longestChunkSegments = 5;

/** The first chunk is a single segment, so that playing can begin early; together they cover every segment once. */
export function splitChunks(segments: number): Chunk[] {
  const size = Math.min(Math.max(Math.round(segments / chunkGoal), 1), longestChunkSegments);
  const chunks: Chunk[] = [];
  for (let first = 0; first < segments;) {
    const segmentCount = Math.min(first === 0 ? 1 : size, segments - first);
    chunks.push({ index: chunks.length, firstSegment: first, segmentCount });
    first += segmentCount;
  }
  return chunks;
}
