// From the words of a command line to a command: `nodes list eu-1` is the command `nodes:list` with the rest.
import { VsError } from "@vstream/core/errors.ts";
import { commandTable } from "./command-table.ts";
import type { CommandEntry } from "./command-entry.ts";
import { nearestWord } from "./did-you-mean.ts";

export type Resolved =
  | { readonly kind: "command"; readonly entry: CommandEntry; readonly rest: string[] }
  /** Words that more words must follow: none, or a topic. */
  | { readonly kind: "topic"; readonly topic: string };

/** @throws VsError usage when there is no such command, with the nearest one in its hint */
export function resolveCommand(argv: readonly string[]): Resolved {
  const { words, rest } = leadingWords(argv);
  for (let count = words.length; count > 0; count -= 1) {
    const entry = commandTable.find(({ id }) => id === words.slice(0, count).join(":"));
    if (entry !== undefined) return { kind: "command", entry, rest: [...words.slice(count), ...rest] };
  }
  const [first, second] = words;
  if (first === undefined) return { kind: "topic", topic: "" };
  const isTopic = commandTable.some(({ id }) => id.startsWith(`${first}:`));
  if (isTopic && second === undefined) return { kind: "topic", topic: first };
  throw unknownCommand(words.slice(0, isTopic ? 2 : 1));
}

// Global flags may stand before the command: `vsctl --json nodes list`.
function leadingWords(argv: readonly string[]): { words: string[]; rest: string[] } {
  const flags: string[] = [];
  let index = 0;
  for (; argv[index]?.startsWith("-") === true && argv[index] !== "--"; index += 1) {
    flags.push(argv[index] ?? "");
    if (["--config", "--server"].includes(argv[index] ?? "")) flags.push(argv[++index] ?? "");
  }
  const end = argv.findIndex((word, at) => at >= index && word.startsWith("-"));
  const words = argv.slice(index, end < 0 ? undefined : end);
  return { words, rest: [...(end < 0 ? [] : argv.slice(end)), ...flags] };
}

function unknownCommand(words: readonly string[]): VsError {
  const given = words.join(" ");
  const spoken = commandTable.map(({ id }) => id.replaceAll(":", " "));
  const topics = [...new Set(spoken.map((command) => command.split(" ")[0] ?? ""))];
  const near = nearestWord(given, spoken) ?? (words.length === 1 ? nearestWord(given, topics) : undefined);
  return new VsError("usage", `there is no command "vsctl ${given}"`, {
    hint: near === undefined ? "See all of them with: vsctl --help" : `Did you mean: vsctl ${near}`,
  });
}
