// Makes a token. Its secret is shown this once: the cluster keeps only a hash of it.
import * as Flags from "@oclif/core/flags";
import { durationFlag } from "../../flags.ts";
import { notThereYet } from "../../later-parts.ts";
import type { Token } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class TokensCreate extends VsctlCommand {
  static override flags = {
    for: Flags.option({
      description: "a node joins with it, once; a user steers the cluster with it",
      options: ["node", "user"] as const,
      required: true,
    })(),
    name: Flags.string({ description: "only the node of this name may use it; or whose token it is" }),
    region: Flags.string({ description: "only a node of this region may use it" }),
    role: Flags.string({ description: "what a user may do; as yet: admin" }),
    expires: durationFlag({ description: "how long it is good for (node: 15m, user: 90d)" }),
  };

  async run(): Promise<Token & { secret: string }> {
    const { flags } = await this.parse(TokensCreate);
    if (flags.role !== undefined && flags.role !== "admin") throw notThereYet(`the role "${flags.role}"`, "trust");
    await using client = await this.connect(flags);
    const { token, secret } = await client.createToken({
      kind: flags.for,
      name: flags.name ?? "",
      region: flags.region ?? "",
      role: flags.role ?? (flags.for === "user" ? "admin" : ""),
      expiresMs: flags.expires ?? 0,
    });
    this.print(secret);
    if (!this.jsonEnabled()) this.say(explain(token));
    return { ...token, secret };
  }
}

function explain({ kind, expiresAt }: Token): string {
  const use =
    kind === "node" ? "Set joinToken (or VSTREAM_JOIN_TOKEN) of vstream-agent to it" : "Set VSCTL_TOKEN to it";
  return `It is not shown again, and is good until ${expiresAt ?? "it is revoked"}. ${use}.`;
}
