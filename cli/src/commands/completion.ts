// Prints a script that completes vsctl's commands and flags in a shell. Made by the table of commands, which it needs.
import * as Args from "@oclif/core/args";
import { completionScript, shells } from "../completion-script.ts";
import type { CompletedCommand, Shell } from "../completion-script.ts";
import type { CommandClass, CommandEntry } from "../command-entry.ts";
import { VsctlCommand } from "../vsctl-command.ts";

export function makeCompletion(table: readonly CommandEntry[]): CommandClass {
  return class Completion extends VsctlCommand {
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
      const script = completionScript(shell, await Promise.all(table.filter(({ later }) => !later).map(complete)));
      this.log(script.trimEnd());
      return { shell, script };
    }
  };
}

async function complete({ id, summary, load }: CommandEntry): Promise<CompletedCommand> {
  const { flags, baseFlags } = await load();
  const names = Object.keys({ ...flags, ...baseFlags, json: true });
  return { words: id.split(":"), summary, flags: names.map((name) => `--${name}`) };
}
