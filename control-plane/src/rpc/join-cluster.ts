// How a node gets its certificate, first with a token and then, before it ends, with the one that it has.
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type {
  JoinRequest,
  JoinResponse,
  RenewCertificateRequest,
  RenewCertificateResponse,
} from "@vstream/proto/agent.ts";
import type { NodeRecord } from "../catalog/records.ts";
import type { IssuedCertificate } from "../identity/issue-certificate.ts";
import type { AgentDeps } from "./agent-deps.ts";
import { descriptionFromWire } from "./wire/nodes.ts";

/**
 * Spends the token and certifies the node. Whatever is wrong with the request is said before the token is spent.
 * @throws VsError token_…, wrong_cluster, forbidden, conflict, invalid_argument
 */
export async function joinCluster(deps: AgentDeps, request: JoinRequest, address: string): Promise<JoinResponse> {
  const token = await deps.tokens.verify({ text: request.token, kind: "node", address });
  const node = descriptionFromWire(request.node);
  const nodeId = newId("node", deps.clock.now());
  const issue = async (id: NodeId): Promise<IssuedCertificate> =>
    await certify(deps, { nodeId: id, certificateRequest: request.certificateRequest });
  const first = await issue(nodeId);
  const at = deps.clock.now();
  const change = { tokenId: token.id, node, nodeId, certificateExpiresAt: first.expiresAt, at };
  const record = await deps.catalog.commands.joinNode(change);
  // A node of that name that was there before keeps its id.
  const issued = record.id === nodeId ? first : await issue(record.id);
  deps.loop.kick();
  return {
    nodeId: record.id,
    certificatePem: issued.certificatePem,
    authorityPem: deps.authority.certificatePem,
    agentPort: deps.settings.agentPort(),
  };
}

export async function renewCertificate(
  deps: AgentDeps,
  request: RenewCertificateRequest,
  node: NodeRecord,
): Promise<RenewCertificateResponse> {
  const { certificateRequest } = request;
  const { certificatePem, expiresAt } = await certify(deps, { nodeId: node.id, certificateRequest });
  const change = { nodeId: node.id, certificateExpiresAt: expiresAt, at: deps.clock.now() };
  await deps.catalog.commands.recordCertificate(change);
  return { certificatePem };
}

async function certify(
  deps: AgentDeps,
  wanted: { nodeId: NodeId; certificateRequest: Uint8Array },
): Promise<IssuedCertificate> {
  if (wanted.certificateRequest.length === 0) {
    throw new VsError("invalid_argument", "the certificate request is missing");
  }
  return await deps.authority.issueNode({ ...wanted, days: deps.settings.certificateDays });
}
