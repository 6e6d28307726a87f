// How a node enters a cluster: with a token, once. Before the token leaves, the control plane has shown the CA that
// the token names; afterwards the node's own CA is what it is known by.
import { X509Certificate, createHash } from "node:crypto";
import { credentials } from "@grpc/grpc-js";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import { channelOptionsFor } from "@vstream/core/grpc.ts";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import { parseToken } from "@vstream/core/join-token.ts";
import { fetchAuthority } from "@vstream/core/trust.ts";
import type { NodeDescription } from "@vstream/core/media.ts";
import { AgentServiceClient } from "@vstream/proto/agent.ts";
import type { JoinResponse } from "@vstream/proto/agent.ts";
import { nodeIdOf, refused } from "./checked.ts";
import { unary } from "./unary.ts";
import { descriptionToWire } from "./wire.ts";

/** How long a first start waits for a control plane that does not answer. */
export const joinPatienceMs = 20_000;
const betweenTriesMs = 1_000;
/** How long a later start looks whether the control plane is still its own; it may be down for days. */
const lookLimitMs = 3_000;

export interface ControlAddress {
  readonly host: string;
  readonly port: number;
}

export interface JoinAttempt {
  readonly controlUrl: string;
  readonly token: string;
  /** PKCS #10, DER. */
  readonly certificateRequest: Uint8Array;
  readonly node: NodeDescription;
  readonly clock: Clock;
}

export interface Joined {
  readonly nodeId: NodeId;
  readonly certificatePem: string;
  readonly authorityPem: string;
  readonly agentPort: number;
}

/**
 * Trades the token for a certificate.
 * @throws VsError token_invalid, token_expired, token_used, wrong_cluster; unavailable when nobody answers for 20 s
 */
export async function joinCluster(attempt: JoinAttempt, signal: AbortSignal): Promise<Joined> {
  const { clock } = attempt;
  const token = parseToken(attempt.token);
  const untilMs = clock.monotonicMs() + joinPatienceMs;
  for (;;) {
    try {
      const authorityPem = await fetchAuthority(controlAddressOf(attempt.controlUrl), token.authoritySha256);
      return await askToJoin(attempt, authorityPem, signal);
    } catch (thrown) {
      const error = asVsError(thrown);
      if (error.code !== "unavailable" || clock.monotonicMs() > untilMs) throw error;
    }
    await clock.sleep(betweenTriesMs, signal);
  }
}

/**
 * Looks whether the control plane belongs to the cluster that this node has joined. Nobody there: nothing is wrong.
 * @throws VsError wrong_cluster
 */
export async function checkCluster(controlUrl: string, authorityPem: string): Promise<void> {
  const { raw } = new X509Certificate(authorityPem);
  const expected = createHash("sha256").update(raw).digest("hex") as Sha256;
  try {
    await fetchAuthority(controlAddressOf(controlUrl), expected, lookLimitMs);
  } catch (thrown) {
    const error = asVsError(thrown);
    if (error.code !== "wrong_cluster") return;
    throw new VsError("wrong_cluster", `this node has joined another cluster than the one at ${controlUrl}`, {
      hint: "Correct controlUrl; or, to join that cluster, start with an empty data folder and a token of its own",
      cause: thrown,
    });
  }
}

export function controlAddressOf(controlUrl: string): ControlAddress {
  const url = new URL(controlUrl);
  return { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: url.port === "" ? 443 : Number(url.port) };
}

/** An address as gRPC wants it. */
export function grpcTarget(address: ControlAddress): string {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${String(address.port)}`;
}

async function askToJoin(attempt: JoinAttempt, authorityPem: string, signal: AbortSignal): Promise<Joined> {
  const secure = credentials.createSsl(Buffer.from(authorityPem));
  const address = controlAddressOf(attempt.controlUrl);
  const client = new AgentServiceClient(grpcTarget(address), secure, channelOptionsFor(address.host));
  const { token, certificateRequest } = attempt;
  const request = { token: token.trim(), certificateRequest, node: descriptionToWire(attempt.node) };
  try {
    const joined = await unary<JoinResponse>(
      (metadata, options, done) => client.join(request, metadata, options, done),
      signal,
    );
    if (joined.agentPort < 1 || joined.agentPort > 65_535) throw refused(`agent port ${String(joined.agentPort)}`);
    return { ...joined, nodeId: nodeIdOf(joined.nodeId), authorityPem };
  } finally {
    client.close();
  }
}
