// What a task is to do, on its way to the node that leased it: domain → proto.
import type { Work } from "@vstream/core/media.ts";
import type { LeaseGrant } from "@vstream/proto/agent.ts";
import { pieceToWire, sourceToWire } from "./media.ts";
import { objectToWire } from "./objects.ts";
import { rungToWire, targetToWire, textToWire } from "./probe.ts";

export function workToWire(work: Work): NonNullable<LeaseGrant["work"]> {
  switch (work.kind) {
    case "fetch":
      return { $case: "fetch", value: { url: work.url, limitBytes: work.limitBytes ?? 0 } };
    case "probe": {
      const { allowDamaged } = work;
      return { $case: "probe", value: { source: sourceToWire(work.source), holders: [...work.holders], allowDamaged } };
    }
    case "transcode":
      return { $case: "transcode", value: transcodeToWire(work) };
    case "audio":
      return {
        $case: "audio",
        value: { ...trackToWire(work), target: targetToWire(work.target), edition: work.edition },
      };
    case "text":
      return { $case: "text", value: { ...trackToWire(work), target: textToWire(work.target) } };
    case "images":
      return {
        $case: "images",
        value: { target: { ...work.target }, holders: [...work.holders], edition: work.edition },
      };
    case "check":
      return { $case: "check", value: { holders: [...work.holders], edition: work.edition } };
    case "replicate":
      return { $case: "replicate", value: { piece: pieceToWire(work.piece), holders: [...work.holders] } };
    case "discard":
      return { $case: "discard", value: { pieceIds: [...work.pieceIds] } };
    case "verify":
      return { $case: "verify", value: { pieceIds: [...work.pieceIds] } };
  }
}

function trackToWire({ source, timeline, holders, chunkSegments }: Extract<Work, { kind: "audio" | "text" }>) {
  return {
    source: source === null ? undefined : sourceToWire(source),
    timeline: objectToWire(timeline),
    holders: [...holders],
    chunkSegments: [...chunkSegments],
  };
}

type TranscodeWords = Extract<NonNullable<LeaseGrant["work"]>, { $case: "transcode" }>["value"];

function transcodeToWire(work: Extract<Work, { kind: "transcode" }>): TranscodeWords {
  return {
    source: sourceToWire(work.source),
    timeline: objectToWire(work.timeline),
    holders: [...work.holders],
    chunk: work.chunk.index,
    firstSegment: work.chunk.firstSegment,
    segmentCount: work.chunk.segmentCount,
    rungs: work.rungs.map(rungToWire),
    preRollKeyframes: work.preRollKeyframes,
    edition: work.edition,
  };
}
