// How the first user gets in: at the first start an admin's token is made and left in the data folder, for whoever can
// read it there, together with a ready configuration for vsctl. Taking the token's file away is up to the operator; it
// is not made again while any user's token is left that lets somebody in.
import { join } from "node:path";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { formatToken, mintToken, parseToken } from "@vstream/core/join-token.ts";
import type { TokenText } from "@vstream/core/join-token.ts";
import type { CatalogQueries } from "../catalog/catalog.ts";
import type { TokenRecord } from "../catalog/records.ts";
import type { CertificateAuthority } from "./certificate-authority.ts";
import { readPrivate, writeDurably } from "./durable-file.ts";
import type { Tokens, WantedToken } from "./join-tokens.ts";

const tokenFile = "admin-token";
const configFile = "vsctl.json";

const firstToken: WantedToken = {
  kind: "user",
  name: "admin",
  region: "",
  role: "admin",
  // As long as the authority itself: who loses it makes another one with it.
  expiresMs: 3_650 * 86_400_000,
};

export interface FirstAccessDeps {
  readonly dataDir: string;
  readonly tokens: Tokens;
  readonly queries: Pick<CatalogQueries, "getToken" | "listTokens">;
  readonly authority: CertificateAuthority;
  readonly clock: Clock;
  /** As users dial it: https://host:port. */
  readonly server: string;
}

/** Leaves admin-token and vsctl.json in the data folder; the latter follows the server's address. */
export async function giveFirstAccess(deps: FirstAccessDeps): Promise<void> {
  const path = join(deps.dataDir, tokenFile);
  const usersLeft = await hasUsers(deps);
  const kept = await readKept(path, usersLeft, deps);
  if (kept === null && usersLeft) return;
  const text = kept ?? mintToken(deps.authority.sha256, deps.clock.now());
  // The file comes first: a token that was made and not written down would be of no use to anybody.
  if (kept === null) await writeDurably(path, `${formatToken(text)}\n`);
  if ((await deps.queries.getToken(text.id)) === null) await deps.tokens.keep(text, firstToken, "vstream");
  const config = { server: deps.server, token: formatToken(text), authorityPem: deps.authority.certificatePem };
  await writeWhenOther(join(deps.dataDir, configFile), `${JSON.stringify(config, null, 2)}\n`);
}

// A token that lets nobody in any more is as good as none when there is no other either.
async function readKept(path: string, usersLeft: boolean, deps: FirstAccessDeps): Promise<TokenText | null> {
  const kept = await readPrivate(path);
  if (kept === null) return null;
  const text = readToken(kept, path, deps);
  const record = await deps.queries.getToken(text.id);
  return record === null || usersLeft || isLive(record, deps.clock) ? text : null;
}

function isLive(token: TokenRecord, clock: Clock): boolean {
  return token.kind === "user" && token.revokedAt === null && token.expiresAt > clock.now();
}

async function hasUsers({ queries, clock }: FirstAccessDeps): Promise<boolean> {
  const page = { limit: 500, sort: null, states: [], nodeId: null, labels: {} };
  let cursor: string | null = null;
  do {
    const { items, nextCursor } = await queries.listTokens({ ...page, cursor });
    if (items.some((token) => isLive(token, clock))) return true;
    cursor = nextCursor;
  } while (cursor !== null);
  return false;
}

function readToken(kept: string, path: string, { authority }: FirstAccessDeps): TokenText {
  const text = parsed(kept);
  if (text?.authoritySha256 === authority.sha256) return text;
  throw new VsError("data_folder_unusable", `${path} does not hold a token of this cluster`, {
    hint: "Move the file away; when no user's token is left, another one is made at the next start",
  });
}

function parsed(kept: string): TokenText | null {
  try {
    return parseToken(kept);
  } catch {
    return null;
  }
}

async function writeWhenOther(path: string, text: string): Promise<void> {
  if ((await readPrivate(path)) !== text) await writeDurably(path, text);
}
