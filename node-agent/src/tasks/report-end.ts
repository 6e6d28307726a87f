// Tells the control plane how a task ended, until it answers. Goes on after the lease's end: the work is finished, and
// the fence decides whether it counts.
import { once } from "node:events";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { TaskReport } from "../rpc/control-messages.ts";

/** How long a stopping agent tries to say how its tasks ended. */
const farewellMs = 2_000;

export interface EndReporting {
  readonly reporting: { reportTask(report: TaskReport, signal: AbortSignal): Promise<boolean> };
  readonly clock: Clock;
  readonly log: Logger;
}

/** unknown: the agent stopped before there was an answer; the next inventory tells. */
export type Answer = "accepted" | "stale" | "unknown";

/**
 * @param stopping aborted when the agent stops
 * @returns how the report was taken, and the outcome that was taken: a success that the control plane refuses as
 *   wrong is reported again, as a failure that says so
 */
export async function reportEnd(
  deps: EndReporting,
  report: TaskReport,
  stopping: AbortSignal,
): Promise<{ answer: Answer; kind: TaskReport["outcome"]["kind"] }> {
  const { outcome } = report;
  const farewell = new AbortController();
  const over = new AbortController();
  void limitFarewell(deps.clock, farewell, { stopping, over: over.signal });
  try {
    const accepted = await deps.reporting.reportTask(report, farewell.signal);
    return { answer: accepted ? "accepted" : "stale", kind: outcome.kind };
  } catch (thrown) {
    const error = asVsError(thrown);
    deps.log.warn({ code: error.code, reason: error.message }, "task report not taken");
    if (stopping.aborted || outcome.kind === "failed") return { answer: "unknown", kind: outcome.kind };
    return await reportEnd(deps, { ...report, outcome: { kind: "failed", failure: error.toFailure() } }, stopping);
  } finally {
    over.abort();
  }
}

async function limitFarewell(
  clock: Clock,
  farewell: AbortController,
  until: { stopping: AbortSignal; over: AbortSignal },
): Promise<void> {
  try {
    if (!until.stopping.aborted) await once(until.stopping, "abort", { signal: until.over });
    await clock.sleep(farewellMs, until.over);
    farewell.abort(new VsError("interrupted", "the agent is stopping"));
  } catch {
    // The report was answered in time.
  }
}
