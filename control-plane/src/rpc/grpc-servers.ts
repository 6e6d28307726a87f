// A gRPC listener: limits, keepalive, the health service, a certificate that can be exchanged while it is open, and an
// end that lets calls finish for a while and then cuts them.
import { Server, experimental } from "@grpc/grpc-js";
import type { ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Clock } from "@vstream/core/clock.ts";
import { serverChannelOptions } from "@vstream/core/grpc.ts";
import type { ServerCertificate } from "../identity/server-certificate.ts";
import { formatAddress, listenFailure } from "../listen-address.ts";
import type { ListenAddress } from "../listen-address.ts";
import { after } from "./after.ts";
import { openHealth } from "./health-service.ts";

/** How long open calls may take to end before they are cut. */
export const drainMs = 5_000;

export interface GrpcListenerSpec {
  readonly clock: Clock;
  readonly address: ListenAddress;
  readonly certificate: ServerCertificate;
  /** Whether only clients with a certificate of this cluster are let in. */
  readonly mutual: boolean;
  readonly services: readonly { definition: ServiceDefinition; implementation: UntypedServiceImplementation }[];
}

export interface GrpcListener extends AsyncDisposable {
  /** The real one, where the configuration says 0. */
  readonly port: number;
}

/** @throws VsError port_taken, or invalid_config for an address that this machine does not have */
export async function openGrpcListener(spec: GrpcListenerSpec): Promise<GrpcListener> {
  const server = new Server(serverChannelOptions);
  const health = openHealth(namesOf(spec.services));
  for (const { definition, implementation } of [health, ...spec.services])
    server.addService(definition, implementation);
  const { provider } = spec.certificate;
  // The first argument is the server's own certificate, the second the authority that clients are checked by.
  const credentials = experimental.createCertificateProviderServerCredentials(
    provider,
    spec.mutual ? provider : null,
    spec.mutual,
  );
  const port = await bind(server, spec.address, credentials);
  return {
    port,
    async [Symbol.asyncDispose]() {
      health.stop();
      await stop(server, spec.clock);
    },
  };
}

// "/vstream.v1.AdminService/GetStatus" is a call of vstream.v1.AdminService.
function namesOf(services: GrpcListenerSpec["services"]): string[] {
  const paths = services.flatMap(({ definition }) => Object.values(definition).map(({ path }) => path));
  return [...new Set(paths.map((path) => path.split("/")[1] ?? ""))];
}

async function bind(
  server: Server,
  address: ListenAddress,
  credentials: ReturnType<typeof experimental.createCertificateProviderServerCredentials>,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync(formatAddress(address), credentials, (cause, port) => {
    if (cause === null) resolve(port);
    else reject(listenFailure(address, cause));
  });
  return await promise;
}

async function stop(server: Server, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const release = after(clock, drainMs, () => {
    server.forceShutdown();
    resolve(undefined);
  });
  server.tryShutdown(() => {
    resolve(undefined);
  });
  await promise;
  release();
}
