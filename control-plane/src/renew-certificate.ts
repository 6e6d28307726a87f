// The control plane's own certificate, looked after while the program runs.
import type { Clock } from "@vstream/core/clock.ts";
import type { Logger } from "@vstream/core/log.ts";
import { repeat } from "./control-loop/repeat.ts";
import type { ServerCertificate } from "./identity/server-certificate.ts";

const renewCheckMs = 3_600_000;

/** Looks every hour whether the server's certificate is due, until disposed of. */
export function keepRenewed(server: ServerCertificate, { clock, log }: { clock: Clock; log: Logger }): AsyncDisposable {
  const stop = new AbortController();
  const running = repeat(
    { name: "renew server certificate", everyMs: renewCheckMs, clock, log, signal: stop.signal },
    async () => {
      if (await server.renewWhenDue()) log.info({ expiresAt: server.expiresAt() }, "server certificate renewed");
    },
  );
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
