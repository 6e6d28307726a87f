// Builds the control loop's parts and starts them.
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { Arrivals } from "./arrivals.ts";
import { Brakes } from "./brakes.ts";
import { Changes } from "./changes.ts";
import { chooseHomes } from "./choose-homes.ts";
import type { ControlLoop } from "./control-loop.ts";
import { CountedFindings } from "./counted-findings.ts";
import { DemandMeter } from "./demand-meter.ts";
import { DemandWatch } from "./demand-watch.ts";
import { DirectoryNews } from "./directory-news.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Drains } from "./drains.ts";
import { EncodeSpeeds } from "./encode-speeds.ts";
import { LeaseTable } from "./lease-table.ts";
import { Liveness } from "./liveness.ts";
import type { LoopObserver, LoopParts } from "./loop-parts.ts";
import { ManifestNews } from "./manifest-news.ts";
import { NodeLoads } from "./node-loads.ts";
import { NodeQueries, notConnected } from "./node-queries.ts";
import { openAgentSession } from "./open-agent-session.ts";
import { startPeriodicWork } from "./periodic-work.ts";
import { Rebalancer } from "./rebalancer.ts";
import { Reconciler } from "./reconciler.ts";
import { reportCalls } from "./report-calls.ts";
import { Sessions } from "./sessions.ts";
import { defaultLoopSettings } from "./settings.ts";
import type { LoopSettings } from "./settings.ts";

export interface ControlLoopDeps {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Logger;
  /** Public key that tickets are signed with. */
  readonly ticketKeyPem: string;
  /** What differs from the defaults. */
  readonly settings: Partial<LoopSettings>;
  readonly observer?: LoopObserver;
}

/**
 * Runs until disposed of; then every session is ended and the last look has finished.
 * The leases that the catalog knows have been taken over when this resolves.
 */
export async function openControlLoop(deps: ControlLoopDeps): Promise<ControlLoop> {
  const parts = buildParts(deps);
  const reconciler = new Reconciler(parts);
  const kick = (): void => {
    reconciler.kick();
  };
  const rebalancer = new Rebalancer(parts, kick);
  await reconciler.adoptLeases();
  const running = reconciler.run();
  const periodic = startPeriodicWork({ ...parts, rebalancer, demandWatch: new DemandWatch(parts, kick), kick });
  return {
    ...sessionCalls(parts, { reconciler, ticketKeyPem: deps.ticketKeyPem }),
    ...reportCalls(parts, reconciler),
    ...questionCalls(parts, rebalancer),
    async [Symbol.asyncDispose]() {
      reconciler.stop();
      await running;
      await periodic[Symbol.asyncDispose]();
      parts.sessions.endAll(new VsError("unavailable", "the control plane stops"));
    },
  };
}

function buildParts(deps: ControlLoopDeps): LoopParts {
  const { catalog, clock } = deps;
  const log = deps.log.child({ component: "control-loop" });
  const settings = { ...defaultLoopSettings, ...deps.settings };
  const sessions = new Sessions();
  return {
    catalog,
    clock,
    log,
    settings,
    sessions,
    arrivals: new Arrivals(clock),
    directory: new DirectoryNews(sessions, clock),
    dispatcher: new Dispatcher(sessions, catalog.identity),
    leases: new LeaseTable(clock, settings.leaseMs),
    liveness: new Liveness(clock, settings),
    brakes: new Brakes(log),
    drains: new Drains(clock),
    loads: new NodeLoads(clock),
    demand: new DemandMeter(clock),
    encodeSpeeds: new EncodeSpeeds(),
    countedFindings: new CountedFindings(),
    news: new ManifestNews(),
    queries: new NodeQueries(clock),
    changes: new Changes(log),
    observer: deps.observer ?? {},
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
    isConnected: (nodeId) => sessions.has(nodeId),
    kick(assetIds = []) {
      changes.announce({ kind: "catalog", assetIds });
      kick();
    },
    subscribe: (listener) => changes.subscribe(listener),
  } satisfies Partial<ControlLoop>;
}

function questionCalls(parts: LoopParts, rebalancer: Rebalancer) {
  const { brakes, catalog, drains, leases, loads, queries, sessions } = parts;
  return {
    async queryNode(nodeId, question) {
      if ((await catalog.queries.getNode(nodeId)) === null) {
        throw new VsError("node_not_found", `there is no node ${nodeId}`, {
          hint: "See the nodes with: vsctl nodes list",
        });
      }
      if (!sessions.has(nodeId)) throw notConnected(nodeId);
      return await queries.ask(nodeId, question, (message) => sessions.send(nodeId, message));
    },
    progressOf: (taskId) => leases.progressOf(taskId),
    leasesOn: (nodeId) => leases.of(nodeId).length,
    loadOf: (nodeId) => loads.loadOf(nodeId),
    scrubOf: (nodeId) => loads.scrubOf(nodeId),
    brakes: () => brakes,
    drainOutlook: (nodeId) => drains.outlookOf(nodeId),
    chooseHomes: (wish) => chooseHomes(wish, parts),
    previewRebalance: () => rebalancer.preview(),
  } satisfies Partial<ControlLoop>;
}
