// The two gRPC listeners: one with server TLS for users and for nodes that join, one with mutual TLS for nodes.
import { AdminServiceService } from "@vstream/proto/admin.ts";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { ControlConfig } from "../config.ts";
import type { ControlLoop } from "../control-loop/control-loop.ts";
import type { Identity } from "../identity/identity.ts";
import type { Metrics } from "../metrics.ts";
import { laddersWith } from "../planning/ladder-forms.ts";
import { adminService } from "./admin-service.ts";
import { AssetPace } from "./asset-pace.ts";
import { agentService, joinService } from "./agent-service.ts";
import type { AgentDeps } from "./agent-deps.ts";
import type { StreamDeps } from "./answered-stream.ts";
import { openGrpcListener } from "./grpc-servers.ts";

export interface GrpcDeps {
  readonly config: ControlConfig;
  readonly catalog: Catalog;
  readonly loop: ControlLoop;
  readonly identity: Identity;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  readonly startedAt: number;
}

export interface GrpcPorts {
  readonly listen: number;
  readonly agentListen: number;
}

/** @throws VsError port_taken, invalid_config */
export async function openGrpc(deps: GrpcDeps): Promise<GrpcPorts & AsyncDisposable> {
  const stopping = new AbortController();
  const calls = callDeps(deps, stopping.signal);
  const certificate = deps.identity.server;
  await using stack = new AsyncDisposableStack();
  // The port for agents is told to those who join, so that listener comes first.
  const agentDeps: AgentDeps = { ...deps, ...deps.identity, settings: agentSettings(deps, () => agents.port) };
  const agents = stack.use(
    await openGrpcListener({
      clock: deps.clock,
      address: deps.config.agentListen,
      certificate,
      mutual: true,
      services: [agentService(agentDeps, calls)],
    }),
  );
  const pace = new AssetPace(deps.clock);
  const implementation = adminService({ ...deps, ...deps.identity, pace, settings: adminSettings(deps) }, calls);
  const users = stack.use(
    await openGrpcListener({
      clock: deps.clock,
      address: deps.config.listen,
      certificate,
      mutual: false,
      services: [{ definition: AdminServiceService, implementation }, joinService(agentDeps, calls)],
    }),
  );
  stack.move();
  return {
    listen: users.port,
    agentListen: agents.port,
    async [Symbol.asyncDispose]() {
      stopping.abort(new VsError("unavailable", "the control plane stops"));
      await Promise.all([users[Symbol.asyncDispose](), agents[Symbol.asyncDispose]()]);
    },
  };
}

function callDeps({ clock, log, metrics }: GrpcDeps, stopping: AbortSignal): StreamDeps {
  return {
    clock,
    log: log.child({ component: "rpc" }),
    stopping,
    watches: { open: 0 },
    observe: (call) => {
      metrics.observeCall(call);
    },
  };
}

function adminSettings({ config, version, startedAt }: GrpcDeps): Parameters<typeof adminService>[0]["settings"] {
  const { replicas, maxSourceBytes, drainQuietMs } = config;
  return { replicas, maxSourceBytes, ladders: laddersWith(config.ladders), drainQuietMs, version, startedAt };
}

function agentSettings({ config }: GrpcDeps, agentPort: () => number): AgentDeps["settings"] {
  const { certificateDays, replicas, maxSourceBytes } = config;
  return { certificateDays, ingest: { replicas, maxSourceBytes, ladders: laddersWith(config.ladders) }, agentPort };
}
