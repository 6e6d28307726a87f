// `--help` at every level, by oclif's own help pages over the table of commands. Loaded only when it is asked for.
import type { Command } from "@oclif/core/command";
import { Help } from "@oclif/core/help";
import { commandTable, topics } from "./command-table.ts";
import type { CommandClass, CommandEntry } from "./command-entry.ts";
import { jsonFlag } from "./flags.ts";
import { VsctlConfig } from "./vsctl-config.ts";
import type { VsctlConfigOptions } from "./vsctl-config.ts";

/** @param id of a command or a topic; empty: of vsctl as a whole */
export async function showHelp(id: string, options: Pick<VsctlConfigOptions, "version" | "signal">): Promise<void> {
  const commands = await Promise.all(
    commandTable.map(async (entry) => (entry.id === id ? described(entry, await entry.load()) : summarized(entry))),
  );
  const config = new VsctlConfig({
    ...options,
    commands,
    // oclif's pages know a topic with something in it by the topics below it, which every command is for them.
    topics: [
      ...Object.entries(topics).map(([name, description]) => ({ name, description })),
      ...commandTable
        .filter(({ id }) => id.includes(":"))
        .map(({ id, summary }) => ({ name: id, description: summary })),
    ],
  });
  const help = new Help(config, { flagSortOrder: "none", maxWidth: 110 });
  await help.showHelp(id === "" ? ["--help"] : [id, "--help"]);
}

function summarized({ id, summary, load }: CommandEntry): Command.Loadable {
  return { id, summary, aliases: [], hiddenAliases: [], hidden: false, args: {}, flags: {}, load: asLoaded(load) };
}

function described(entry: CommandEntry, command: CommandClass): Command.Loadable {
  const { description, examples, strict, usage } = command;
  const flags = { ...command.flags, ...command.baseFlags, json: jsonFlag };
  return {
    ...summarized(entry),
    description,
    examples,
    strict,
    usage,
    args: namedByKey(command.args),
    flags: namedByKey(flags),
  };
}

// Flags and arguments are keyed by their names, and oclif's pages read the names inside.
function namedByKey<Item extends object>(
  items: Readonly<Record<string, Item>>,
): Record<string, Item & { name: string }> {
  return Object.fromEntries(Object.entries(items).map(([name, item]) => [name, { ...item, name }]));
}

function asLoaded(load: CommandEntry["load"]): () => Promise<Command.Class> {
  return async () => (await load()) as unknown as Command.Class;
}
