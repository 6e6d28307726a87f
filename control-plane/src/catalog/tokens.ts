// The tokens' table: what may join a node or ask as a user. Only a hash of the secret is kept.
import { VsError } from "@vstream/core/errors.ts";
import type { TokenId } from "@vstream/core/ids.ts";
import type { Actor, ListQuery, Page } from "./catalog.ts";
import { writeEvent } from "./events.ts";
import { checkStates, planPage } from "./list-page.ts";
import type { ListOrder } from "./list-page.ts";
import type { TokenRecord } from "./records.ts";
import type { Db, TokenRow } from "./tables.ts";

/** Sort fields: createdAt (newest first unless told otherwise), expiresAt, name, kind. */
const order: ListOrder = {
  list: "tokens",
  fields: { createdAt: "created_at", expiresAt: "expires_at", name: "name", kind: "kind" },
  usual: "-createdAt",
  id: "id",
};

/** Whether a token has expired depends on the moment of asking, so that is not a state to filter by. */
const tokenStates = ["unused", "used", "revoked"] as const;

export async function createToken(db: Db, token: TokenRecord, actor: Actor): Promise<TokenRecord> {
  await db.insertInto("tokens").values(toRow(token)).execute();
  const message = `a token for a ${token.kind} was made${token.name === "" ? "" : `: ${token.name}`}`;
  await writeEvent(db, { at: token.createdAt, kind: "token.created", subject: token.id, actor, message });
  return token;
}

/** @throws VsError token_not_found */
export async function revokeToken(
  db: Db,
  { tokenId, at, actor }: { tokenId: TokenId; at: number; actor: Actor },
): Promise<TokenRecord> {
  const token = await getToken(db, tokenId);
  if (token === null) {
    throw new VsError("token_not_found", `there is no token ${tokenId}`, {
      hint: "See the tokens with: vsctl tokens list",
    });
  }
  if (token.revokedAt !== null) return token;
  await db.updateTable("tokens").set({ revoked_at: at }).where("id", "=", tokenId).execute();
  const message = `the token ${token.name === "" ? tokenId : token.name} was revoked`;
  await writeEvent(db, { at, kind: "token.revoked", subject: tokenId, actor, message });
  return { ...token, revokedAt: at };
}

export async function getToken(db: Db, id: TokenId): Promise<TokenRecord | null> {
  const row = await db.selectFrom("tokens").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : toRecord(row);
}

export async function listTokens(db: Db, query: ListQuery): Promise<Page<TokenRecord>> {
  const page = planPage(order, query);
  const states = checkStates("tokens", query.states, tokenStates);
  let rows = db.selectFrom("tokens").selectAll().where(page.after).orderBy(page.orderBy).limit(page.rows);
  if (states.length > 0) {
    rows = rows.where((eb) =>
      eb.or([
        ...(states.includes("revoked") ? [eb("revoked_at", "is not", null)] : []),
        ...(states.includes("used") ? [eb.and([eb("revoked_at", "is", null), eb("used_at", "is not", null)])] : []),
        ...(states.includes("unused") ? [eb.and([eb("revoked_at", "is", null), eb("used_at", "is", null)])] : []),
      ]),
    );
  }
  const { items, nextCursor } = page.cut(await rows.execute());
  return { items: items.map(toRecord), nextCursor };
}

function toRow(token: TokenRecord): TokenRow {
  return {
    id: token.id,
    kind: token.kind,
    secret_sha256: token.secretSha256,
    name: token.name,
    region: token.region,
    role: token.role,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    used_at: token.usedAt,
    revoked_at: token.revokedAt,
  };
}

function toRecord(row: TokenRow): TokenRecord {
  return {
    id: row.id,
    kind: row.kind,
    secretSha256: row.secret_sha256,
    name: row.name,
    region: row.region,
    role: row.role,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
    revokedAt: row.revoked_at,
  };
}
