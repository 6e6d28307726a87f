// Finds out what a source is, and makes its timeline.
import type { Piece, Work } from "@vstream/core/media.ts";
import { timelinePieceId } from "@vstream/core/ids.ts";
import { plainToolchain } from "@vstream/core/toolchain.ts";
import { probeSource } from "../media/probe.ts";
import { encodeTimeline } from "../media/timeline-codec.ts";
import { TaskSource } from "./open-source.ts";
import { nothingMade } from "./task-context.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";
import type { WorkDeps } from "./work-deps.ts";

export async function runProbe(
  deps: WorkDeps,
  work: Extract<Work, { kind: "probe" }>,
  context: TaskContext,
): Promise<TaskResult> {
  const source = new TaskSource(deps, work, context);
  await using _space = await source.needWhole();
  const { probe, timeline } = await probeSource({
    tools: deps.tools,
    sourcePath: source.path,
    sourceBytes: work.source.source.bytes,
    allowDamaged: work.allowDamaged,
    signal: context.signal,
  });
  const piece: Piece = {
    id: timelinePieceId,
    content: { kind: "timeline", timeline: await deps.store.putBytes(encodeTimeline(timeline)) },
    toolchain: plainToolchain(deps.tools.toolchain),
    madeBy: deps.nodeId,
  };
  await context.keep(piece);
  return { ...nothingMade, probe, pieces: [piece] };
}
