// What is done at fixed times, beside the looks: loads to the catalog, complete news to the nodes, homes for what is
// watched a lot, evening out, emptying the trash, pruning.
import type { DemandWatch } from "./demand-watch.ts";
import type { LoopParts } from "./loop-parts.ts";
import { manifestsOf } from "./open-agent-session.ts";
import type { Rebalancer } from "./rebalancer.ts";
import { repeat } from "./repeat.ts";

/** How often the monotonic clock is read, to notice that this program stood still. */
const pulseMs = 1_000;

interface PeriodicParts extends LoopParts {
  readonly rebalancer: Rebalancer;
  readonly demandWatch: DemandWatch;
  /** Calls for a look. */
  readonly kick: () => void;
}

export function startPeriodicWork(parts: PeriodicParts): AsyncDisposable {
  const stop = new AbortController();
  const { catalog, clock, demandWatch, log, settings, liveness, loads, rebalancer } = parts;
  const every = (name: string, everyMs: number, act: () => Promise<void>): Promise<void> =>
    repeat({ name, everyMs, clock, log, signal: stop.signal }, act);
  const running = Promise.all([
    every("pulse", pulseMs, () => {
      liveness.pulse();
      return Promise.resolve();
    }),
    every("write loads", settings.writeLoadsMs, () => loads.writeTo(catalog.commands)),
    every("complete news", settings.completeNewsMs, () => tellAllNews(parts)),
    every("weigh demand", settings.weighDemandMs, () => demandWatch.run()),
    every("rebalance", settings.rebalanceMs, () => rebalancer.run()),
    every("due trash", settings.dueTrashMs, () => lookAtDue(parts)),
    every("prune", settings.pruneMs, () => prune(parts)),
  ]);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await loads.writeTo(catalog.commands);
    },
  };
}

async function tellAllNews(parts: LoopParts): Promise<void> {
  for (const nodeId of parts.sessions.nodeIds()) {
    parts.dispatcher.tellAllNews(nodeId, await manifestsOf(nodeId, parts));
  }
}

// What is in the trash, and editions that were replaced, rest until their time is over.
async function lookAtDue({ catalog, clock, kick, settings }: PeriodicParts): Promise<void> {
  const now = clock.now();
  const trash = await catalog.commands.unsettleDueTrash({ before: now - settings.trashMs });
  const editions = await catalog.commands.unsettleDueEditions({ before: now - settings.editionGraceMs });
  if (trash + editions > 0) kick();
}

/** In one go at most; what is left waits for the next time. */
const callsPerPrune = 200;

async function prune({ catalog, clock, settings }: LoopParts): Promise<void> {
  const now = clock.now();
  const before = { tasksFinishedBefore: now - settings.keepTasksMs, eventsBefore: now - settings.keepEventsMs };
  for (let call = 0; call < callsPerPrune; call += 1) {
    if ((await catalog.commands.prune(before)) === 0) return;
  }
}
