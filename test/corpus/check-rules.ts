// Holds what was encoded of a source against the authoring rules on its content, as agents do before an asset is ready.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { checkContent } from "@vstream/authoring/check-content.ts";
import { systemClock } from "@vstream/core/clock.ts";
import { newId, videoPieceId } from "@vstream/core/ids.ts";
import { openLog } from "@vstream/core/log.ts";
import type { Manifest, Piece, Rung } from "@vstream/core/media.ts";
import { measureRates } from "../../control-plane/src/planning/measure.ts";
import type { ProbedSource } from "../../node-agent/src/media/probe.ts";
import type { EncodedChunk } from "../../node-agent/src/media/transcode-chunk.ts";
import type { Fetcher } from "../../node-agent/src/replicate/peers.ts";
import { openStore } from "../../node-agent/src/store/segment-store.ts";
import { adoptRendition } from "../../node-agent/src/tasks/adopt-rendition.ts";
import { PublishedFiles } from "../../node-agent/src/tasks/published-files.ts";

export interface EncodedFilm {
  readonly source: ProbedSource;
  readonly rungs: readonly Rung[];
  /** Of one segment each. */
  readonly chunks: readonly EncodedChunk[];
}

/** @param folder for a store, which is not to be there yet */
export async function checkRules({ source: { probe }, rungs, chunks }: EncodedFilm, folder: string): Promise<void> {
  const { log } = openLog({ program: "corpus", level: "silent" });
  await using store = await openStore({ dataDir: folder, capacityBytes: 2 ** 30, clock: systemClock, log });
  const signal = AbortSignal.timeout(60_000);
  const intake = { adoptFile: async (path: string) => await store.putBytes(await readFile(path)) };
  const pieces: Piece[] = [];
  for (const [chunk, encoded] of chunks.entries()) {
    const { frames, timeScale, joint } = encoded;
    const renditions = await Promise.all(encoded.renditions.map((files) => adoptRendition(intake, files, signal)));
    const content = { kind: "video", chunk, frames, timeScale, renditions, joint } as const;
    pieces.push({ id: videoPieceId(chunk), content, toolchain: "", madeBy: "" });
  }
  const plan = {
    ...{ rungs, audio: [], text: [], images: null },
    chunks: chunks.map((_, index) => ({ index, firstSegment: index, segmentCount: 1 })),
  };
  const manifest: Manifest = {
    ...{ assetId: newId("asset", Date.now()), version: 1, title: "", edition: 0, complete: true, deleted: false },
    ...{ probe, pieces, text: [], extras: [], previous: [], homeNodeIds: [], ...measureRates({ plan, probe, pieces }) },
    ...{ fromChunk: 0, releasedChunks: chunks.length, totalChunks: chunks.length },
  };
  const fetcher: Fetcher = {
    fetchBytes: async ({ sha256 }) => await store.read(sha256),
    fetchObject: () => assert.fail("everything is here"),
  };
  const files = new PublishedFiles({ store, fetcher, manifest, holders: [], verified: false, signal });
  const findings = await checkContent({
    ...{ files, url: files.indexUrl, mpd: files.mpd(0), filesAtOnce: 1 },
    onRead: () => undefined,
  });
  const broken = findings.filter(({ level }) => level === "must");
  assert.deepEqual(
    broken.map(({ rule, where, message }) => `${rule}: ${files.placeOf(where)}: ${message}`),
    [],
  );
}
