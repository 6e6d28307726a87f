// One GET to addresses that are known and checked. Redirects are not followed here, and nothing is read ahead.
import http from "node:http";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import https from "node:https";
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { limitTime } from "../replicate/time-limit.ts";

/** From the beginning of the connection to the last of the answer's headers. */
const headersMs = 30_000;

export interface UrlRequest {
  readonly url: URL;
  readonly headers: OutgoingHttpHeaders;
  readonly addresses: readonly LookupAddress[];
  /** Authorities beside the usual ones, PEM; null: none. */
  readonly authorities: readonly string[] | null;
}

/**
 * The answer, whatever its status; its body is the caller's to read or to destroy.
 * @throws VsError source_unreadable for a certificate that is not right, source_unavailable, the signal's reason
 */
export async function openUrl(
  request: UrlRequest,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  const { host } = request.url;
  const late = (): VsError => new VsError("source_unavailable", `${host} does not answer within ${headersMs / 1000} s`);
  using limit = limitTime({ clock, ms: headersMs, signal }, late);
  try {
    return await answerTo(request, limit.signal);
  } catch (thrown) {
    limit.signal.throwIfAborted();
    throw connectionFailure(thrown, host);
  }
}

/** What an error of a connection means, while its headers or its body come. */
export function connectionFailure(thrown: unknown, host: string): VsError {
  if (thrown instanceof VsError) return thrown;
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  const reason = thrown instanceof Error && thrown.message !== "" ? thrown.message : code;
  if (/^(ERR_TLS_CERT|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/.test(code)) {
    return new VsError("source_unreadable", `the certificate of ${host} is not right: ${reason}`, {
      hint: "If its authority is your own: fetch.caFile in the agent's configuration",
      cause: thrown,
    });
  }
  return new VsError("source_unavailable", `the connection to ${host} broke: ${reason}`, { cause: thrown });
}

async function answerTo(
  { url, headers, addresses, authorities }: UrlRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // A connection of its own: one that is kept could be to an address that nobody checked for this URL.
  const options = { headers, lookup: lookupOf(addresses), agent: false, signal } as const;
  const secure = authorities === null ? options : { ...options, ca: [...authorities] };
  const call = url.protocol === "https:" ? https.get(url, secure, resolve) : http.get(url, options, resolve);
  call.on("error", reject);
  return await promise;
}

// Gives what is known. A host that is an address is never looked up, and was checked all the same.
function lookupOf(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, { all }, done) => {
    const [first] = addresses;
    if (all === true) done(null, [...addresses]);
    else done(null, first?.address ?? "", first?.family ?? 0);
  };
}
