// Tokens: what lets a node join (once) and a user ask (until it ends). The catalog keeps a hash of the secret, so
// that nobody who reads the catalog can act with it.
import { timingSafeEqual } from "node:crypto";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import { formatToken, hashSecret, mintToken, parseToken } from "@vstream/core/join-token.ts";
import type { TokenText } from "@vstream/core/join-token.ts";
import type { Actor, CatalogCommands, CatalogQueries } from "../catalog/catalog.ts";
import type { Role, TokenRecord } from "../catalog/records.ts";
import { FailedTries } from "./failed-tries.ts";

export interface WantedToken {
  readonly kind: TokenRecord["kind"];
  /** Of the node that may join with it (empty: any), or of the user. */
  readonly name: string;
  readonly region: string;
  readonly role: Role | "";
  readonly expiresMs: number;
}

export interface Tokens {
  /** The text is shown once and kept nowhere. */
  create(wanted: WantedToken, actor: Actor): Promise<{ record: TokenRecord; text: string }>;
  /** Keeps a token whose text exists already. */
  keep(text: TokenText, wanted: WantedToken, actor: Actor): Promise<TokenRecord>;
  /**
   * The record of a token that is shown, when it may be used now. A node's token is spent by joinNode, not here.
   * @throws VsError token_invalid, token_expired, token_used, wrong_cluster; unavailable after too many wrong ones
   */
  verify(shown: { text: string; kind: TokenRecord["kind"]; address: string }): Promise<TokenRecord>;
}

export interface TokensDeps {
  readonly commands: Pick<CatalogCommands, "createToken">;
  readonly queries: Pick<CatalogQueries, "getToken">;
  readonly authoritySha256: Sha256;
  readonly clock: Clock;
}

export function openTokens(deps: TokensDeps): Tokens {
  const tries = new FailedTries(deps.clock);
  const keep: Tokens["keep"] = async (text, wanted, actor) => {
    const { expiresMs, ...rest } = wanted;
    const now = deps.clock.now();
    const record: TokenRecord = {
      ...rest,
      id: text.id,
      secretSha256: hashSecret(text.secret),
      createdAt: now,
      expiresAt: now + expiresMs,
      usedAt: null,
      revokedAt: null,
    };
    return await deps.commands.createToken(record, actor);
  };
  return {
    keep,
    async create(wanted, actor) {
      const text = mintToken(deps.authoritySha256, deps.clock.now());
      return { record: await keep(text, wanted, actor), text: formatToken(text) };
    },
    async verify(shown) {
      return await tries.guard(shown.address, async () => {
        const text = parseToken(shown.text);
        if (text.authoritySha256 !== deps.authoritySha256) throw wrongCluster();
        const record = await deps.queries.getToken(text.id);
        checkRecord(record, { secret: text.secret, kind: shown.kind, now: deps.clock.now() });
        return record;
      });
    },
  };
}

function checkRecord(
  record: TokenRecord | null,
  shown: { secret: string; kind: TokenRecord["kind"]; now: number },
): asserts record is TokenRecord {
  // Whether the secret is right comes first: what a token's state is, only its owner is told.
  const hint = `Make a new one with: vsctl tokens create --for ${shown.kind}`;
  if (record?.kind !== shown.kind || !isSecretOf(record, shown.secret)) {
    throw new VsError("token_invalid", `this token is not one of a ${shown.kind} of this cluster`, { hint });
  }
  if (record.revokedAt !== null) throw new VsError("token_invalid", `the token ${record.id} was revoked`, { hint });
  if (record.usedAt !== null) throw new VsError("token_used", `the token ${record.id} was used already`, { hint });
  if (record.expiresAt <= shown.now) {
    const ended = new Date(record.expiresAt).toISOString();
    throw new VsError("token_expired", `the token ${record.id} ended at ${ended}`, { hint });
  }
}

function isSecretOf(record: TokenRecord, secret: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(secret)), Buffer.from(record.secretSha256));
}

function wrongCluster(): VsError {
  return new VsError("wrong_cluster", "this token belongs to another cluster", {
    hint: "Check the server's address, or make a token on this cluster: vsctl tokens create",
  });
}
