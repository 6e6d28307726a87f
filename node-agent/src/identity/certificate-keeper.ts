// Renews the node's certificate at half its life, long before any connection would miss it. While the control plane
// is away it keeps asking, ever more slowly.
import type { Clock } from "@vstream/core/clock.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { NodeIdentity } from "./node-identity.ts";

/** Wall time may jump (sleep, a corrected clock): it is looked at this often, at least. */
const longestSleepMs = 10 * 60_000;
const firstRetryMs = 1_000;
const longestRetryMs = 5 * 60_000;

export interface KeeperDeps {
  readonly identity: NodeIdentity;
  /** Trades a request (PKCS #10, DER) for a certificate, PEM. */
  readonly renew: (certificateRequest: Uint8Array, signal: AbortSignal) => Promise<string>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps the certificate fresh until disposed of. The node must have joined. */
export function startCertificateKeeper(deps: KeeperDeps): AsyncDisposable {
  const stop = new AbortController();
  const keeping = keepFresh(deps, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await keeping;
    },
  };
}

async function keepFresh(deps: KeeperDeps, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (await slept(deps, failures, signal)) {
    if (!isDue(deps)) continue;
    try {
      await renewOnce(deps, signal);
      failures = 0;
    } catch (thrown) {
      failures += 1;
      if (!signal.aborted) warn(deps, thrown);
    }
  }
}

function isDue({ identity, clock }: KeeperDeps): boolean {
  return identity.halfLifeAt !== null && clock.now() >= identity.halfLifeAt;
}

async function renewOnce({ identity, renew, log }: KeeperDeps, signal: AbortSignal): Promise<void> {
  const { membership } = identity;
  if (membership === null) return;
  const certificatePem = await renew(await identity.makeRequest(), signal);
  await identity.install({ ...membership, certificatePem });
  log.info({ expiresAt: isoTime(identity.expiresAt) }, "certificate renewed");
}

// False: it is time to stop.
async function slept(deps: KeeperDeps, failures: number, signal: AbortSignal): Promise<boolean> {
  const { identity, clock } = deps;
  const untilDueMs = Math.max(0, (identity.halfLifeAt ?? Infinity) - clock.now());
  const retryMs = Math.min(longestRetryMs, firstRetryMs * 2 ** failures);
  try {
    await clock.sleep(Math.min(longestSleepMs, Math.max(untilDueMs, retryMs)), signal);
    return true;
  } catch {
    return false;
  }
}

function warn({ log, identity }: KeeperDeps, thrown: unknown): void {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  log.warn({ reason, expiresAt: isoTime(identity.expiresAt) }, "certificate not renewed");
}

function isoTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
