// One run for each kind of work. What is made is reported with what ffmpeg was told for it until then.
import type { Piece, Work } from "@vstream/core/media.ts";
import { ToolRuns } from "../media/tool-runs.ts";
import { runAudio } from "./run-audio.ts";
import { runCheck } from "./run-check.ts";
import { runDiscard } from "./run-discard.ts";
import { runFetch } from "./run-fetch.ts";
import { runImages } from "./run-images.ts";
import { runProbe } from "./run-probe.ts";
import { runReplicate } from "./run-replicate.ts";
import { runText } from "./run-text.ts";
import { runTranscode } from "./run-transcode.ts";
import { runVerify } from "./run-verify.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";
import type { WorkDeps } from "./work-deps.ts";

export async function runWork(deps: WorkDeps, work: Work, context: TaskContext): Promise<TaskResult> {
  const runs = new ToolRuns(context.scratch.folder);
  const told = (piece: Piece): Piece => (runs.lines.length === 0 ? piece : { ...piece, arguments: runs.lines });
  const keepAndReport = (piece: Piece): Promise<void> => context.keepAndReport(told(piece));
  const result = await runs.during(() => runKind(deps, work, { ...context, keepAndReport }));
  return { ...result, pieces: result.pieces.map(told) };
}

async function runKind(deps: WorkDeps, work: Work, context: TaskContext): Promise<TaskResult> {
  switch (work.kind) {
    case "fetch":
      return await runFetch(deps, work, context);
    case "probe":
      return await runProbe(deps, work, context);
    case "transcode":
      return await runTranscode(deps, work, context);
    case "audio":
      return await runAudio(deps, work, context);
    case "text":
      return await runText(deps, work, context);
    case "images":
      return await runImages(deps, work, context);
    case "check":
      return await runCheck(deps, work, context);
    case "replicate":
      return await runReplicate(deps, work, context);
    case "discard":
      return await runDiscard(deps, work, context);
    case "verify":
      return await runVerify(deps, work, context);
  }
}
