// Prints a script that completes vsctl's commands and flags in a shell.
import * as Args from "@oclif/core/args";
import { completionScript, shells } from "../completion-script.ts";
import type { Shell } from "../completion-script.ts";
import { commandTable } from "../command-table.ts";
import { VsctlCommand } from "../vsctl-command.ts";

export default class Completion extends VsctlCommand {
  static override args = {
    shell: Args.string({ options: [...shells], required: true, ignoreStdin: true, description: "your shell" }),
  };

  static override examples = [
    { command: "source <(<%= config.bin %> completion bash)", description: "In bash, for this session" },
    { command: "<%= config.bin %> completion zsh > ~/.zfunc/_vsctl", description: "In zsh, for good" },
    { command: "<%= config.bin %> completion fish | source", description: "In fish, for this session" },
  ];

  async run(): Promise<{ shell: Shell; script: string }> {
    const { args } = await this.parse(Completion);
    const shell = shells.find((known) => known === args.shell) ?? "bash";
    const commands = await Promise.all(
      commandTable
        .filter(({ later }) => !later)
        .map(async ({ id, summary, load }) => {
          const { flags, baseFlags } = await load();
          const names = Object.keys({ ...flags, ...baseFlags, json: true });
          return { words: id.split(":"), summary, flags: names.map((name) => `--${name}`) };
        }),
    );
    const script = completionScript(shell, commands);
    this.log(script.trimEnd());
    return { shell, script };
  }
}
