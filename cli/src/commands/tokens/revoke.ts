// Makes a token worthless at once. A node that joined with it stays.
import { tokenArgs } from "../../named-args.ts";
import type { Token } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class TokensRevoke extends VsctlCommand {
  static override args = tokenArgs;

  async run(): Promise<Token> {
    const { args, flags } = await this.parse(TokensRevoke);
    await using client = await this.connect(flags);
    const token = await client.revokeToken(args.id);
    this.print(`token ${token.id} is revoked`);
    return token;
  }
}
