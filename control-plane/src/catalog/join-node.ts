// How a node comes into the cluster: its token is spent and its row is made in one transaction, so that of many that
// come with one token one gets in.
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId, TokenId } from "@vstream/core/ids.ts";
import type { NodeDescription } from "@vstream/core/media.ts";
import { writeEvent } from "./events.ts";
import { setLabels } from "./labels.ts";
import { describedColumns, requireNode, toNodeRecord, updateNode } from "./nodes.ts";
import type { NodeRecord } from "./records.ts";
import { unsettleDegraded, unsettleHomesOf } from "./settling.ts";
import type { Db, NodeRow, TokenRow } from "./tables.ts";

interface Joining {
  readonly tokenId: TokenId;
  readonly node: NodeDescription;
  readonly nodeId: NodeId;
  readonly certificateExpiresAt: number;
  readonly at: number;
}

/**
 * The node's id is the given one, or the one that a node of that name has already.
 * @throws VsError token_invalid, token_used, token_expired, forbidden (a token for another name or region), conflict
 */
export async function joinNode(db: Db, joining: Joining): Promise<NodeRecord> {
  const token = await usableToken(db, joining);
  const namesake = await db.selectFrom("nodes").selectAll().where("name", "=", joining.node.name).executeTakeFirst();
  checkNamesake(namesake, token);
  await db.updateTable("tokens").set({ used_at: joining.at }).where("id", "=", token.id).execute();
  const id = namesake === undefined ? await insertNode(db, joining) : await renewNode(db, namesake, joining);
  await setLabels(db, id, joining.node.labels);
  await unsettleHomesOf(db, id);
  await unsettleDegraded(db);
  return toNodeRecord(await requireNode(db, id));
}

async function usableToken(db: Db, { tokenId, node, at }: Joining): Promise<TokenRow> {
  const token = await db.selectFrom("tokens").selectAll().where("id", "=", tokenId).executeTakeFirst();
  const hint = "Make a new one with: vsctl tokens create --for node";
  if (token?.kind !== "node") throw new VsError("token_invalid", "this is not a token for nodes", { hint });
  if (token.revoked_at !== null) throw new VsError("token_invalid", "this token was revoked", { hint });
  if (token.used_at !== null) throw new VsError("token_used", "this token was used already", { hint });
  if (token.expires_at <= at) throw new VsError("token_expired", "this token has expired", { hint });
  checkScope("name", token.name, node.name);
  checkScope("region", token.region, node.region);
  return token;
}

function checkScope(what: "name" | "region", scope: string, given: string): void {
  if (scope === "" || scope === given) return;
  throw new VsError("forbidden", `this token is for the ${what} "${scope}", and the node's ${what} is "${given}"`, {
    hint: `Set the agent's ${what} to "${scope}", or make a token for "${given}"`,
  });
}

function checkNamesake(namesake: NodeRow | undefined, token: TokenRow): void {
  if (namesake === undefined || namesake.health === "down" || token.name === namesake.name) return;
  throw new VsError("conflict", `there is a node named ${namesake.name} already, and it is ${namesake.health}`, {
    hint: `Choose another name, or make a token for exactly this one: vsctl tokens create --for node --name ${namesake.name}`,
  });
}

async function insertNode(db: Db, { node, nodeId, certificateExpiresAt, at }: Joining): Promise<NodeId> {
  await db
    .insertInto("nodes")
    .values({
      ...describedColumns(node),
      id: nodeId,
      name: node.name,
      region: node.region,
      // Until its first session.
      health: "down",
      health_since: at,
      scheduling: "active",
      drain_deadline_at: null,
      on_deadline: "hold",
      used_bytes: 0,
      joined_at: at,
      last_seen_at: at,
      certificate_expires_at: certificateExpiresAt,
      copies_trusted: 1,
    })
    .execute();
  await announce(db, { node, at }, `${node.name} joined in ${node.region}`);
  return nodeId;
}

// Its store may be another one now: copies count again after its inventory.
async function renewNode(db: Db, namesake: NodeRow, { node, certificateExpiresAt, at }: Joining): Promise<NodeId> {
  await updateNode(db, namesake.id, {
    ...describedColumns(node),
    region: node.region,
    joined_at: at,
    certificate_expires_at: certificateExpiresAt,
    copies_trusted: 0,
  });
  await announce(db, { node, at }, `${node.name} joined again and is ${namesake.id} as before`);
  return namesake.id;
}

async function announce(db: Db, { node, at }: Pick<Joining, "node" | "at">, message: string): Promise<void> {
  await writeEvent(db, { at, kind: "node.joined", subject: node.name, actor: `node:${node.name}`, message });
}
