// The tokens, without their secrets.
import { listFlags, toListQuery } from "../../flags.ts";
import { formatAgo, orNothing } from "../../formats.ts";
import type { Page, Token } from "../../shapes.ts";
import type { Column } from "../../table.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class TokensList extends VsctlCommand {
  static override flags = { ...listFlags };

  async run(): Promise<Page<Token>> {
    const { flags } = await this.parse(TokensList);
    await using client = await this.connect(flags);
    const page = await client.listTokens(toListQuery(flags));
    await this.printPage(page, columnsAt(this.clock.now()), { quiet: flags.quiet, none: "There are no such tokens." });
    return page;
  }
}

function columnsAt(nowMs: number): Column<Token>[] {
  return [
    { title: "ID", value: (token) => token.id },
    { title: "FOR", value: (token) => token.kind },
    { title: "NAME", value: (token) => orNothing(token.name) },
    { title: "REGION", value: (token) => orNothing(token.region) },
    { title: "ROLE", value: (token) => orNothing(token.role) },
    { title: "CREATED", value: (token) => formatAgo(token.createdAt, nowMs) },
    { title: "EXPIRES", value: (token) => formatAgo(token.expiresAt, nowMs) },
    { title: "USED", value: (token) => formatAgo(token.usedAt, nowMs) },
    { title: "REVOKED", value: (token) => formatAgo(token.revokedAt, nowMs) },
  ];
}
