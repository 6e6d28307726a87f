// For tests: one run of one piece of work on a trial node, as the task runner would start it.
import { randomUUID } from "node:crypto";
import { systemClock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId, Sha256 } from "@vstream/core/ids.ts";
import type { Manifest, Piece, Work } from "@vstream/core/media.ts";
import type { MediaTools } from "../media/media-tools.ts";
import type { TrialNode } from "../replicate/trial-nodes.fixture.ts";
import { VerifiedBlocks } from "../replicate/verified-blocks.ts";
import type { SubtitleFile } from "../rpc/control-messages.ts";
import type { Scratch } from "../store/store.ts";
import { neverAborted, quietLog } from "../store/trial-store.fixture.ts";
import { runWork } from "./run-work.ts";
import type { TaskResult } from "./task-context.ts";
import { Timelines } from "./timelines.ts";
import type { WorkDeps } from "./work-deps.ts";

export interface TrialRun {
  readonly assetId: AssetId;
  readonly tools: MediaTools;
  /** What the control plane would answer; none: it does not. */
  readonly manifest?: Manifest;
  /** The subtitle file that it has, whichever is asked for; none: it has none. */
  readonly subtitles?: SubtitleFile;
  readonly onDamage?: (sha256: Sha256) => void;
  /** None: no source is fetched from anywhere. */
  readonly sources?: WorkDeps["sources"];
  /** Before a piece is recorded. */
  readonly onKept?: (piece: Piece, scratch: Scratch) => Promise<void>;
  readonly onReported?: (piece: Piece) => void;
  readonly onProgress?: (fraction: number) => void;
}

export async function runTrialWork(node: TrialNode, work: Work, trial: TrialRun): Promise<TaskResult> {
  const { nodeId, store, fetcher, peers } = node;
  const { assetId, tools, manifest, onDamage = quiet } = trial;
  await using scratch = await store.openScratch(randomUUID());
  const keep = async (piece: Piece): Promise<void> => {
    await trial.onKept?.(piece, scratch);
    await store.recordPiece(assetId, piece);
  };
  const keepAndReport = async (piece: Piece): Promise<void> => {
    await keep(piece);
    trial.onReported?.(piece);
  };
  const askControl = async (): Promise<Manifest> => {
    if (manifest === undefined) throw new VsError("unavailable", "nobody answers");
    return await Promise.resolve(manifest);
  };
  const getSubtitleFile = async (): Promise<SubtitleFile> => {
    if (trial.subtitles === undefined) throw new VsError("not_found", "the asset has no such file");
    return await Promise.resolve(trial.subtitles);
  };
  const context = {
    assetId,
    signal: neverAborted,
    scratch,
    log: quiet,
    progress: trial.onProgress ?? quiet,
    keep,
    keepAndReport,
  };
  return await runWork(
    {
      ...{ nodeId, tools, store, fetcher, peers, askControl, getSubtitleFile, timelines: new Timelines({ fetcher }) },
      sources: trial.sources ?? noSources,
      ...{ verifiedBlocks: new VerifiedBlocks(), onDamage, onLost: quiet, log: quietLog },
    },
    work,
    context,
  );
}

const noSources: WorkDeps["sources"] = {
  access: { open: () => Promise.reject(new VsError("source_forbidden", "nothing is fetched here")) },
  clock: systemClock,
  maxSourceBytes: 0,
};

function quiet(): void {
  // Nobody listens.
}
