// What vsctl asks about tokens.
import { VsError } from "@vstream/core/errors.ts";
import type { CreateTokenRequest } from "@vstream/proto/admin.ts";
import type { WantedToken } from "../../identity/join-tokens.ts";
import type { Role } from "../../catalog/records.ts";
import * as check from "../wire/checks.ts";
import { tokenToWire } from "../wire/records.ts";
import type { AdminAnswers, AdminDeps } from "./admin-calls.ts";
import { listQuery } from "./find-node.ts";

type TokenAnswers = Pick<AdminAnswers, "createToken" | "listTokens" | "revokeToken">;

const minuteMs = 60_000;
const dayMs = 86_400_000;
const lifetimes = {
  node: { usualMs: 15 * minuteMs, mostMs: 7 * dayMs },
  user: { usualMs: 90 * dayMs, mostMs: 3_650 * dayMs },
};
const roles: readonly Role[] = ["admin"];

export function tokenAnswers(deps: AdminDeps): TokenAnswers {
  const { commands, queries } = deps.catalog;
  return {
    async createToken(request, { caller }) {
      const { record, text } = await deps.tokens.create(wantedFrom(request), caller.actor);
      deps.loop.kick();
      return { token: tokenToWire(record), secret: text };
    },
    async listTokens(request) {
      const page = await queries.listTokens(await listQuery(queries, request.options));
      return { items: page.items.map(tokenToWire), nextCursor: page.nextCursor ?? "" };
    },
    async revokeToken(request, { caller }) {
      const tokenId = check.tokenId(request.id);
      const token = await commands.revokeToken({ tokenId, at: deps.clock.now(), actor: caller.actor });
      deps.loop.kick();
      return { token: tokenToWire(token) };
    },
  };
}

function wantedFrom(request: CreateTokenRequest): WantedToken {
  const kind = check.oneOf(request.kind, "kind", ["node", "user"]);
  const { usualMs, mostMs } = lifetimes[kind];
  const asked = check.integer(request.expiresMs, "expires", { min: 0, max: mostMs });
  return {
    kind,
    name: request.name === "" ? "" : check.plainName(request.name, "name"),
    region: regionFrom(request.region, kind),
    role: roleFrom(request.role, kind),
    expiresMs: asked === 0 ? usualMs : asked,
  };
}

function regionFrom(region: string, kind: WantedToken["kind"]): string {
  if (region === "") return "";
  if (kind === "user") throw check.wrong("region", "is only for a node's token");
  return check.plainName(region, "region");
}

function roleFrom(asked: string, kind: WantedToken["kind"]): Role | "" {
  if (kind === "node") {
    if (asked === "") return "";
    throw check.wrong("role", "is only for a user's token");
  }
  const role = roles.find((known) => known === (asked === "" ? "admin" : asked));
  if (role !== undefined) return role;
  throw new VsError("not_there_yet", `the role ${JSON.stringify(asked)} is not there yet`, {
    hint: `Roles: ${roles.join(", ")}`,
  });
}
