// Makes sure at start that this node belongs to the cluster that it is pointed at: joins with the token at the first
// start, and needs none later. Gives the node's id and the address that sessions are dialled at.
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { NodeDescription } from "@vstream/core/media.ts";
import { z } from "zod";
import type { NodeIdentity } from "../identity/node-identity.ts";
import type { Store } from "../store/store.ts";
import { checkCluster, controlAddressOf, joinCluster } from "./join.ts";
import type { ControlAddress } from "./join.ts";

const documentName = "agent-port";
const portDocument = z.object({ agentPort: z.int().min(1).max(65_535) });

export interface Entrance {
  readonly controlUrl: string;
  /** Null: none is given. */
  /** Asked for only when it is needed: after joining, its file may be gone. */
  readonly token: () => string | null;
  readonly identity: NodeIdentity;
  readonly store: Pick<Store, "readDocument" | "writeDocument">;
  readonly node: NodeDescription;
  readonly clock: Clock;
  readonly log: Logger;
}

/** @throws VsError unauthenticated without a token; what joinCluster and checkCluster throw */
export async function enterCluster(
  entrance: Entrance,
  signal: AbortSignal,
): Promise<{ nodeId: NodeId; control: ControlAddress }> {
  const { identity, controlUrl, log } = entrance;
  const { membership } = identity;
  const isExpired = (identity.expiresAt ?? 0) <= entrance.clock.now();
  if (membership === null || (isExpired && entrance.token() !== null)) await join(entrance, signal);
  else {
    if (isExpired) {
      log.error({ nodeId: membership.nodeId }, "certificate expired, give a new token: vsctl tokens create --for node");
    }
    await checkCluster(controlUrl, membership.authorityPem);
  }
  const { nodeId } = identity;
  if (nodeId === null) throw new VsError("internal", "a node that has joined has no id");
  return { nodeId, control: { host: controlAddressOf(controlUrl).host, port: await agentPort(entrance) } };
}

async function join(entrance: Entrance, signal: AbortSignal): Promise<void> {
  const { identity, controlUrl, node, clock, log } = entrance;
  const token = entrance.token();
  if (token === null) {
    throw new VsError("unauthenticated", "this node has not joined a cluster, and has no token to do so", {
      hint: "Make a token with: vsctl tokens create --for node; and give it as joinToken or joinTokenFile",
    });
  }
  const certificateRequest = await identity.makeRequest();
  const joined = await joinCluster({ controlUrl, token, certificateRequest, node, clock }, signal);
  // The certificate comes last: a node that has one has all the rest.
  await entrance.store.writeDocument(documentName, { agentPort: joined.agentPort });
  await identity.install(joined);
  log.info({ nodeId: joined.nodeId, controlUrl }, "joined the cluster");
}

async function agentPort({ store, controlUrl }: Entrance): Promise<number> {
  const kept = portDocument.safeParse(await store.readDocument(documentName));
  // Lost with a damaged disk: the port beside the other one is where it usually is.
  return kept.success ? kept.data.agentPort : controlAddressOf(controlUrl).port + 1;
}
