// One run for each kind of work.
import type { Work } from "@vstream/core/media.ts";
import { runAudio } from "./run-audio.ts";
import { runDiscard } from "./run-discard.ts";
import { runImages } from "./run-images.ts";
import { runProbe } from "./run-probe.ts";
import { runReplicate } from "./run-replicate.ts";
import { runText } from "./run-text.ts";
import { runTranscode } from "./run-transcode.ts";
import { runVerify } from "./run-verify.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";
import type { WorkDeps } from "./work-deps.ts";

export async function runWork(deps: WorkDeps, work: Work, context: TaskContext): Promise<TaskResult> {
  switch (work.kind) {
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
    case "replicate":
      return await runReplicate(deps, work, context);
    case "discard":
      return await runDiscard(deps, work, context);
    case "verify":
      return await runVerify(deps, work, context);
  }
}
