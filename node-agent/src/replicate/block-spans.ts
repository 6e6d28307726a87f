// Which blocks of a source cover some byte ranges. Pure.

export interface ByteRange {
  /** First byte. */
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
}

export interface Blocks {
  readonly sizeBytes: number;
  readonly blockBytes: number;
}

/** Runs of blocks, [first, last + 1), each at most `longest` blocks long, that cover every range; each block once. */
export function runsCovering(ranges: readonly ByteRange[], blocks: Blocks, longest: number): ByteRange[] {
  const covered = merged(
    ranges.filter(({ start, end }) => end > start && start < blocks.sizeBytes).map(toBlocks(blocks)),
  );
  return covered.flatMap(({ start, end }) => {
    const count = Math.ceil((end - start) / longest);
    return Array.from({ length: count }, (_, part) => ({
      start: start + part * longest,
      end: Math.min(end, start + (part + 1) * longest),
    }));
  });
}

/** The bytes of a run of blocks; the file's last block may be shorter than the others. */
export function bytesOfBlocks(run: ByteRange, blocks: Blocks): ByteRange {
  return { start: run.start * blocks.blockBytes, end: Math.min(run.end * blocks.blockBytes, blocks.sizeBytes) };
}

export function blockCount({ sizeBytes, blockBytes }: Blocks): number {
  return Math.ceil(sizeBytes / blockBytes);
}

function toBlocks(blocks: Blocks): (range: ByteRange) => ByteRange {
  return ({ start, end }) => ({
    start: Math.floor(Math.max(0, start) / blocks.blockBytes),
    end: Math.ceil(Math.min(end, blocks.sizeBytes) / blocks.blockBytes),
  });
}

function merged(runs: readonly ByteRange[]): ByteRange[] {
  const result: ByteRange[] = [];
  for (const run of runs.toSorted((one, other) => one.start - other.start)) {
    const last = result.at(-1);
    if (last === undefined || run.start > last.end) result.push(run);
    else result[result.length - 1] = { start: last.start, end: Math.max(last.end, run.end) };
  }
  return result;
}
