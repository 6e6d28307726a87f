// Who calls: a user by the token that the call carries, a node by the certificate of its connection.
import { VsError } from "@vstream/core/errors.ts";
import { isId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Actor, CatalogQueries } from "../catalog/catalog.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { checkRole } from "../identity/roles.ts";
import type { AdminCall } from "../identity/roles.ts";
import type { Tokens } from "../identity/join-tokens.ts";
import { addressOf } from "./answered-call.ts";
import type { Surface } from "./answered-call.ts";

export interface User {
  readonly actor: Actor;
}

/** @throws VsError unauthenticated, token_…, wrong_cluster, forbidden */
export async function identifyUser(tokens: Tokens, call: AdminCall, surface: Surface): Promise<User> {
  const [header] = surface.metadata.get("authorization");
  const text = /^Bearer +(\S+)$/i.exec(header?.toString() ?? "")?.[1];
  if (text === undefined) {
    throw new VsError("unauthenticated", "the call carries no token", {
      hint: "Set VSCTL_TOKEN, or use the configuration that vstream-control wrote: vsctl --config FILE",
    });
  }
  const record = await tokens.verify({ text, kind: "user", address: addressOf(surface) });
  checkRole(call, record.role);
  return { actor: `user:${record.name === "" ? record.id : record.name}` };
}

/**
 * The node whose certificate the connection was made with. TLS has proved that it is of this cluster and in its time.
 * @throws VsError unauthenticated when it is of no node, or of one that was removed
 */
export async function identifyNode(queries: Pick<CatalogQueries, "getNode">, surface: Surface): Promise<NodeRecord> {
  const nodeId = nodeIdOf(surface);
  const node = await queries.getNode(nodeId);
  if (node?.id !== nodeId) throw removedNode(nodeId);
  return node;
}

export function removedNode(nodeId: NodeId): VsError {
  return new VsError("unauthenticated", `the node ${nodeId} was removed from this cluster`, {
    hint: "To bring it back, empty its data folder and join again: vsctl tokens create --for node",
  });
}

function nodeIdOf(surface: Surface): NodeId {
  const names = (surface.getAuthContext().sslPeerCertificate?.subjectaltname ?? "").split(", ");
  const ids = names.flatMap((name) => /^URI:vstream:\/\/node\/(\w+)$/.exec(name)?.[1] ?? []);
  const [id, ...others] = ids;
  if (id !== undefined && others.length === 0 && isId("node", id)) return id;
  throw new VsError("unauthenticated", "the connection carries no certificate of a node");
}
