// What vsctl asks about nodes.
import type { Node as WireNode } from "@vstream/proto/admin.ts";
import type { Actor } from "../../catalog/catalog.ts";
import type { Scheduling } from "../../catalog/records.ts";
import { copiesAtOnce } from "../../planning/node-lanes.ts";
import { removedNode } from "../caller.ts";
import * as check from "../wire/checks.ts";
import type { AdminAnswers, AdminDeps } from "./admin-calls.ts";
import { findNode, listQuery } from "./find-node.ts";
import { showNode, showNodes, showRemoved } from "./show-node.ts";

type NodeAnswers = Pick<
  AdminAnswers,
  "listNodes" | "getNode" | "cordonNode" | "uncordonNode" | "drainNode" | "removeNode" | "getNodeLogs" | "getNodeImpact"
>;

const usualDrainMs = 3_600_000;
const longestDrainMs = 30 * 86_400_000;
const logLines = { usual: 100, most: 1_000 };
const namedAssets = { usual: 50, most: 500 };

export function nodeAnswers(deps: AdminDeps): NodeAnswers {
  const { commands, queries } = deps.catalog;
  return {
    async listNodes(request) {
      const page = await queries.listNodes(await listQuery(queries, request.options));
      return { items: await showNodes(deps, page.items), nextCursor: page.nextCursor ?? "" };
    },
    getNode: async (request) => ({ node: await showNode(deps, await findNode(queries, request.node)) }),
    cordonNode: async (request, { caller }) => ({
      node: await schedule(deps, { idOrName: request.node, scheduling: "cordoned", actor: caller.actor }),
    }),
    uncordonNode: async (request, { caller }) => ({
      node: await schedule(deps, { idOrName: request.node, scheduling: "active", actor: caller.actor }),
    }),
    async drainNode(request, { caller }) {
      const asked = check.integer(request.deadlineMs, "deadline", { min: 0, max: longestDrainMs });
      const drainDeadlineAt = deps.clock.now() + (asked === 0 ? usualDrainMs : asked);
      const onDeadline =
        request.onDeadline === "" ? "hold" : check.oneOf(request.onDeadline, "on deadline", ["hold", "force"]);
      const drain = { drainDeadlineAt, onDeadline };
      const { actor } = caller;
      return { node: await schedule(deps, { idOrName: request.node, scheduling: "draining", actor, drain }) };
    },
    async removeNode(request, { caller }) {
      const { id: nodeId } = await findNode(queries, request.node);
      const { force } = request;
      const removed = await commands.removeNode({ nodeId, force, at: deps.clock.now(), actor: caller.actor });
      deps.loop.endSession(nodeId, removedNode(nodeId));
      deps.loop.kick();
      return { node: showRemoved(deps, removed) };
    },
    async getNodeLogs(request) {
      const { id: nodeId } = await findNode(queries, request.node);
      const asked = check.integer(request.lines, "lines", { min: 0, max: logLines.most });
      const question = { kind: "node-log", lines: asked === 0 ? logLines.usual : asked } as const;
      return { lines: [...(await deps.loop.queryNode(nodeId, question))] };
    },
    async getNodeImpact(request) {
      const node = await findNode(queries, request.node);
      const asked = check.integer(request.limit, "limit", { min: 0, max: namedAssets.most });
      const limit = asked === 0 ? namedAssets.usual : asked;
      const { copyBytesPerSecond: pace, ...impact } = await queries.getNodeImpact({ nodeId: node.id, limit });
      // By one node's copies at a time: it may be that a single one takes all of them.
      const copyMs = pace === null ? -1 : Math.ceil((impact.bytesToCopy / (pace * copiesAtOnce)) * 1000);
      return { ...impact, node: await showNode(deps, node), copyMs, items: [...impact.items] };
    },
  };
}

interface Schedule {
  readonly idOrName: string;
  readonly scheduling: Scheduling;
  readonly actor: Actor;
  readonly drain?: { readonly drainDeadlineAt: number; readonly onDeadline: "hold" | "force" };
}

async function schedule(deps: AdminDeps, wanted: Schedule): Promise<WireNode> {
  const { id: nodeId } = await findNode(deps.catalog.queries, wanted.idOrName);
  const { scheduling, actor, drain = { drainDeadlineAt: null, onDeadline: "hold" } } = wanted;
  const change = { nodeId, scheduling, ...drain, at: deps.clock.now(), actor };
  const node = await deps.catalog.commands.setScheduling(change);
  deps.loop.kick();
  return await showNode(deps, node);
}
