// Builds the control plane from its parts, in the order in which they need one another, and takes it down in the
// opposite one. The only file that does so.
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Catalog } from "./catalog/catalog.ts";
import { openSqliteCatalog } from "./catalog/sqlite/open-catalog.ts";
import { damaged } from "./catalog/sqlite/sqlite-errors.ts";
import type { ControlConfig } from "./config.ts";
import type { ControlLoop } from "./control-loop/control-loop.ts";
import { openControlLoop } from "./control-loop/open-control-loop.ts";
import { openHttp } from "./http.ts";
import { giveFirstAccess } from "./identity/first-access.ts";
import { openIdentity } from "./identity/identity.ts";
import type { Identity } from "./identity/identity.ts";
import { dialHost, formatAddress } from "./listen-address.ts";
import { openMetrics } from "./metrics.ts";
import type { Metrics } from "./metrics.ts";
import { LoopPulse } from "./loop-pulse.ts";
import { loopSettings } from "./loop-settings.ts";
import { keepRenewed } from "./renew-certificate.ts";
import { openGrpc } from "./rpc/open-grpc.ts";
import type { GrpcPorts } from "./rpc/open-grpc.ts";

export interface ControlPlaneDeps {
  readonly log: Logger;
  readonly clock: Clock;
  readonly version: string;
  /** The catalog is lost while the program runs: it must end. */
  readonly onFatal: (error: VsError) => void;
}

export interface ControlPlane extends AsyncDisposable {
  /** The real ones, where the configuration says 0. */
  readonly ports: { readonly listen: number; readonly agentListen: number; readonly httpListen: number };
}

/** @throws VsError catalog_…, data_folder_unusable, port_taken, invalid_config; what was opened is closed again */
export async function openControlPlane(config: ControlConfig, deps: ControlPlaneDeps): Promise<ControlPlane> {
  await using stack = new AsyncDisposableStack();
  await makeDataFolder(config.dataDir);
  // First of all: it holds the lock that keeps a second control plane from everything else in the folder.
  refuseLostCatalog(config);
  const catalog = stack.use(await openCatalog(config, deps));
  const identity = await openIdentity({ ...config, catalog, clock: deps.clock });
  const metrics = openMetrics(catalog.queries);
  const pulse = new LoopPulse(deps.clock, metrics);
  const loop = stack.use(await openLoop({ config, deps, catalog, identity, metrics, pulse }));
  const grpc = stack.use(
    await openGrpc({ ...deps, config, catalog, loop, identity, metrics, startedAt: deps.clock.now() }),
  );
  stack.use(keepRenewed(identity.server, deps));
  await giveFirstAccess({
    ...identity,
    ...config,
    queries: catalog.queries,
    clock: deps.clock,
    server: urlOf(config, grpc),
  });
  const http = stack.use(await openHttpFor({ config, deps, metrics, catalog, pulse }));
  const ports = { listen: grpc.listen, agentListen: grpc.agentListen, httpListen: http.port };
  deps.log.info({ ...ports, version: deps.version }, "control plane open");
  const opened = stack.move();
  return {
    ports,
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}

async function makeDataFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new VsError(
      "data_folder_unusable",
      `cannot make the data folder ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        hint: "Make it, belonging to the user that runs vstream-control, or set another dataDir",
        cause,
      },
    );
  }
}

// A new catalog in the place of a lost one would have every node's store swept. The authority is made after the
// catalog, so it is looked for first: another control plane may just be making both.
function refuseLostCatalog({ dataDir }: ControlConfig): void {
  const isLost = existsSync(join(dataDir, "identity", "authority")) && !existsSync(catalogPath(dataDir));
  if (isLost) throw damaged(`${catalogPath(dataDir)} is gone, though the cluster's authority is there`);
}

function catalogPath(dataDir: string): string {
  return join(dataDir, "catalog.sqlite");
}

async function openCatalog(config: ControlConfig, { clock, log, onFatal }: ControlPlaneDeps): Promise<Catalog> {
  return await openSqliteCatalog({
    path: catalogPath(config.dataDir),
    clock,
    log: log.child({ component: "catalog" }),
    onFatal,
  });
}

async function openLoop(parts: {
  config: ControlConfig;
  deps: ControlPlaneDeps;
  catalog: Catalog;
  identity: Identity;
  metrics: Metrics;
  pulse: LoopPulse;
}): Promise<ControlLoop> {
  const { config, deps, catalog, identity, metrics, pulse } = parts;
  const loop = await openControlLoop({
    catalog,
    clock: deps.clock,
    log: deps.log,
    ticketKeyPem: identity.tickets.publicKeyPem,
    settings: loopSettings(config),
    observer: {
      onLook(look) {
        pulse.beat(look);
      },
      onDamage(copies) {
        metrics.countDamage(copies);
      },
    },
  });
  // The first look at once: until it has ended, the control plane is not ready.
  loop.kick();
  return loop;
}

async function openHttpFor(parts: {
  config: ControlConfig;
  deps: ControlPlaneDeps;
  metrics: Metrics;
  catalog: Catalog;
  pulse: LoopPulse;
}): Promise<Awaited<ReturnType<typeof openHttp>>> {
  const { config, deps, metrics, catalog, pulse } = parts;
  return await openHttp({
    address: config.httpListen,
    metrics,
    log: deps.log.child({ component: "http" }),
    checkReadiness: async () => ({ catalog: await answers(catalog), loop: pulse.isFresh() }),
  });
}

async function answers(catalog: Catalog): Promise<boolean> {
  try {
    await catalog.queries.listEvents({ limit: 1, afterId: null, since: null });
    return true;
  } catch {
    return false;
  }
}

// The first name is how others reach it; without one, only this machine does.
function urlOf({ listen, names }: ControlConfig, { listen: port }: GrpcPorts): string {
  const host = names[0] ?? dialHost(listen.host);
  return `https://${formatAddress({ host, port })}`;
}
