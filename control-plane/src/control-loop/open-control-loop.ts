// Builds the control loop's parts and starts them.
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { retryAt } from "./backoff.ts";
import { Changes } from "./changes.ts";
import { chooseHomes } from "./choose-homes.ts";
import type { ControlLoop, TaskEndReport } from "./control-loop.ts";
import { Dispatcher } from "./dispatcher.ts";
import { LeaseTable } from "./lease-table.ts";
import { Liveness } from "./liveness.ts";
import type { LoopParts } from "./loop-parts.ts";
import { ManifestNews } from "./manifest-news.ts";
import { NodeLoads } from "./node-loads.ts";
import { NodeQueries, notConnected } from "./node-queries.ts";
import { openAgentSession } from "./open-agent-session.ts";
import { startPeriodicWork } from "./periodic-work.ts";
import { Reconciler } from "./reconciler.ts";
import { Sessions } from "./sessions.ts";
import { defaultLoopSettings } from "./settings.ts";
import type { LoopSettings } from "./settings.ts";

export interface ControlLoopDeps {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Logger;
  /** Public key that upload tickets are signed with. */
  readonly ticketKeyPem: string;
  /** What differs from the defaults. */
  readonly settings: Partial<LoopSettings>;
  /** Told after each look that ended well how long it took; for metrics and readiness. */
  readonly onLook?: (ms: number) => void;
}

/**
 * Runs until disposed of; then every session is ended and the last look has finished.
 * The leases that the catalog knows have been taken over when this resolves.
 */
export async function openControlLoop(deps: ControlLoopDeps): Promise<ControlLoop> {
  const parts = buildParts(deps);
  const reconciler = new Reconciler(parts);
  await reconciler.adoptLeases();
  const running = reconciler.run();
  const periodic = startPeriodicWork(parts);
  return {
    ...sessionCalls(parts, { reconciler, ticketKeyPem: deps.ticketKeyPem }),
    ...reportCalls(parts, reconciler),
    ...questionCalls(parts),
    async [Symbol.asyncDispose]() {
      reconciler.stop();
      await running;
      await periodic[Symbol.asyncDispose]();
      parts.sessions.endAll(new VsError("unavailable", "the control plane stops"));
    },
  };
}

function buildParts({ catalog, clock, log, settings: given, onLook }: ControlLoopDeps): LoopParts {
  const settings = { ...defaultLoopSettings, ...given };
  const sessions = new Sessions();
  return {
    catalog,
    clock,
    log: log.child({ component: "control-loop" }),
    settings,
    sessions,
    dispatcher: new Dispatcher(sessions, catalog.identity),
    leases: new LeaseTable(clock, settings.leaseMs),
    liveness: new Liveness(clock, settings),
    loads: new NodeLoads(clock),
    news: new ManifestNews(),
    queries: new NodeQueries(clock),
    changes: new Changes(log),
    onLook,
  };
}

function sessionCalls(
  parts: LoopParts,
  { reconciler, ticketKeyPem }: { reconciler: Reconciler; ticketKeyPem: string },
) {
  const { sessions, changes } = parts;
  const kick = (): void => {
    reconciler.kick();
  };
  return {
    openSession: (opening) => openAgentSession(opening, { ...parts, ticketKeyPem, kick }),
    endSession(nodeId, reason) {
      sessions.end(nodeId, reason);
      parts.queries.abandon(nodeId);
      parts.loads.forget(nodeId);
    },
    isConnected: (nodeId) => sessions.nodeIds().has(nodeId),
    kick(assetIds = []) {
      changes.announce({ kind: "catalog", assetIds });
      kick();
    },
    subscribe: (listener) => changes.subscribe(listener),
  } satisfies Partial<ControlLoop>;
}

function reportCalls(parts: LoopParts, reconciler: Reconciler) {
  const { catalog, changes, clock, leases } = parts;
  const { commands, queries } = catalog;
  const look = (assetIds: Parameters<typeof changes.announce>[0]["assetIds"]): void => {
    changes.announce({ kind: "catalog", assetIds });
    reconciler.kick();
  };
  return {
    async reportTask(report) {
      const outcome = await endOf(report, parts);
      const assetId = leases.get(report.taskId)?.assetId;
      const answer = await commands.recordReport({ ...report, outcome, at: clock.now() });
      if (answer === "stale") return answer;
      leases.end(report);
      if (outcome.kind === "failed") reconciler.avoid(report.taskId, report.nodeId);
      look(assetId === undefined ? [] : [assetId]);
      return answer;
    },
    async reportPiece(report) {
      const answer = await commands.recordPiece({ ...report, at: clock.now() });
      const assetId = leases.get(report.taskId)?.assetId;
      if (answer === "accepted") look(assetId === undefined ? [] : [assetId]);
      return answer;
    },
    async reportUpload(report) {
      const answer = await commands.recordUpload({ ...report, at: clock.now() });
      if (answer === "accepted") look([report.assetId]);
      return answer;
    },
    async reportUploadFailure({ assetId, nodeId, failure }) {
      const asset = (await queries.getAsset(assetId))?.asset;
      // The upload may have moved on to another node, which is not this one's to end.
      if (asset?.homes[0] !== nodeId) return;
      const name = (await queries.getNode(nodeId))?.name ?? nodeId;
      await commands.failUpload({ assetId, failure, at: clock.now(), actor: `node:${name}` });
      look([assetId]);
    },
    async reportInventory(inventory) {
      const unknown = await commands.recordInventory({ ...inventory, at: clock.now() });
      look([]);
      return unknown;
    },
  } satisfies Partial<ControlLoop>;
}

async function endOf({ taskId, outcome }: TaskEndReport, { catalog, clock }: LoopParts) {
  if (outcome.kind === "succeeded") return outcome;
  const failuresBefore = (await catalog.queries.getTask(taskId))?.failures ?? 0;
  return { ...outcome, retryAt: retryAt({ code: outcome.failure.code, failuresBefore, at: clock.now() }) };
}

function questionCalls({ catalog, leases, loads, queries, sessions }: LoopParts) {
  return {
    async queryNode(nodeId, question) {
      if ((await catalog.queries.getNode(nodeId)) === null) {
        throw new VsError("node_not_found", `there is no node ${nodeId}`, {
          hint: "See the nodes with: vsctl nodes list",
        });
      }
      if (!sessions.nodeIds().has(nodeId)) throw notConnected(nodeId);
      return await queries.ask(nodeId, question, (message) => sessions.send(nodeId, message));
    },
    progressOf: (taskId) => leases.progressOf(taskId),
    loadOf: (nodeId) => loads.loadOf(nodeId),
    chooseHomes: (wish) => chooseHomes(wish, { queries: catalog.queries, connected: sessions.nodeIds() }),
  } satisfies Partial<ControlLoop>;
}
