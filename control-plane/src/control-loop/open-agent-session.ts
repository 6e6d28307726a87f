// The beginning of an agent's session, and what its messages do.
import type { NodeId } from "@vstream/core/ids.ts";
import { allNodes } from "./all-nodes.ts";
import { directoryOf } from "./directory.ts";
import type { DirectoryMessage } from "./directory-news.ts";
import type { LoopParts } from "./loop-parts.ts";
import type { AgentSession, LeaseRef, ManifestNewsEntry, SessionOpening } from "./session.ts";

export interface SessionDeps extends LoopParts {
  /** Public key that tickets are signed with. */
  readonly ticketKeyPem: string;
  readonly kick: () => void;
}

/** @throws VsError node_not_found for a node that was removed, conflict when a newer session overtook this one */
export async function openAgentSession(opening: SessionOpening, deps: SessionDeps): Promise<AgentSession> {
  const { catalog, clock, sessions } = deps;
  const { nodeId, description } = opening;
  sessions.announce(opening);
  deps.queries.abandon(nodeId);
  deps.liveness.heard(nodeId);
  const node = await catalog.commands.describeNode({ nodeId, node: description, at: clock.now() });
  sessions.admit(opening);
  const { incarnation, term } = catalog.identity;
  const { heartbeatMs, leaseMs } = deps.settings;
  const { ticketKeyPem } = deps;
  opening.send({ kind: "welcome", incarnation, term, heartbeatMs, leaseMs, ticketKeyPem, scheduling: node.scheduling });
  takeStock(nodeId, opening.runningLeases, deps);
  deps.arrivals.arrived(nodeId);
  opening.send(deps.directory.newestFor(nodeId) ?? (await readDirectory(nodeId, deps)));
  deps.dispatcher.tellAllNews(nodeId, await manifestsOf(nodeId, deps));
  deps.log.info({ nodeId, name: node.name, leases: opening.runningLeases.length }, "agent connected");
  deps.changes.announce({ kind: "catalog", assetIds: [] });
  deps.kick();
  return sessionOf(opening, deps);
}

// One that is told to all while this one is read would be newer, and lost by it: the next look tells the node again.
async function readDirectory(nodeId: NodeId, { catalog, directory }: SessionDeps): Promise<DirectoryMessage> {
  const nodes = directoryOf(await allNodes(catalog.queries));
  directory.repeatFor(nodeId);
  return { kind: "directory", nodes };
}

// What the node does not run any more was lost with its process; others can begin with it at once. What it runs has
// its full time; what it runs without a right to it ends with its first renewal.
function takeStock(nodeId: NodeId, running: readonly LeaseRef[], { leases }: SessionDeps): void {
  for (const lease of leases.of(nodeId)) {
    if (!running.some(({ taskId, epoch }) => taskId === lease.taskId && epoch === lease.epoch)) leases.expireNow(lease);
  }
  leases.renew(nodeId, running);
}

/** All that the node is to have, as news. */
export async function manifestsOf(
  nodeId: NodeId,
  { catalog }: Pick<LoopParts, "catalog">,
): Promise<ManifestNewsEntry[]> {
  const versions = await catalog.queries.listManifestVersions(nodeId);
  // One that is in the trash says so in its manifest.
  return versions.map(({ assetId, version }) => ({ assetId, version, deleted: false }));
}

function sessionOf(opening: SessionOpening, deps: SessionDeps): AgentSession {
  const { nodeId, send } = opening;
  return {
    heartbeat(beat) {
      if (!deps.sessions.isOpen(opening)) return;
      deps.loads.hear(nodeId, beat);
      deps.demand.hear(nodeId, beat.demand);
      if (deps.liveness.heard(nodeId)) deps.kick();
      send({ kind: "heartbeat-ack", sequence: beat.sequence });
    },
    renewLeases(leases) {
      if (deps.sessions.isOpen(opening)) send({ kind: "leases-renewed", leases: deps.leases.renew(nodeId, leases) });
    },
    progress(report) {
      const lease = deps.leases.get(report.taskId);
      if (lease === undefined || !deps.leases.recordProgress(nodeId, report)) return;
      deps.changes.announce({ kind: "progress", assetIds: [lease.assetId] });
    },
    reply(reply) {
      deps.queries.reply(nodeId, reply);
    },
    close() {
      if (!deps.sessions.close(opening)) return;
      deps.queries.abandon(nodeId);
      deps.log.info({ nodeId }, "agent disconnected");
    },
  };
}
