// Completion scripts for shells, made from the table of commands. Pure text.

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

export interface CompletedCommand {
  /** `["nodes", "list"]`. */
  readonly words: readonly string[];
  readonly summary: string;
  /** `--json` and so on. */
  readonly flags: readonly string[];
}

export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case "bash":
      return bashScript(commands);
    case "zsh":
      // zsh runs bash's completions.
      return `#compdef vsctl\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(commands)}`;
    case "fish":
      return fishScript(commands);
  }
}

function bashScript(commands: readonly CompletedCommand[]): string {
  return `_vsctl() {
  local current="\${COMP_WORDS[COMP_CWORD]}" given="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) given="$given $word" ;; esac
  done
  local choices=""
  case "$given" in
${nextWords(commands)
  .map(([given, choices]) => `    "${given}") choices="${choices.join(" ")}" ;;`)
  .join("\n")}
${commands.map(({ words, flags }) => `    " ${words.join(" ")}"*) choices="${flags.join(" ")}" ;;`).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$choices" -- "$current"))
}
complete -o default -F _vsctl vsctl
`;
}

// What may follow when only a part of a command was given.
function nextWords(commands: readonly CompletedCommand[]): [given: string, choices: string[]][] {
  const next = new Map<string, Set<string>>();
  for (const { words } of commands) {
    words.forEach((word, index) => {
      const given = words
        .slice(0, index)
        .map((one) => ` ${one}`)
        .join("");
      next.set(given, (next.get(given) ?? new Set()).add(word));
    });
  }
  return [...next].map(([given, choices]) => [given, [...choices]]);
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ words, summary, flags }) => {
    const [topic = "", verb] = words;
    const under = verb === undefined ? topic : `${topic}; and __fish_seen_subcommand_from ${verb}`;
    const own =
      verb === undefined
        ? `complete -c vsctl -n __fish_use_subcommand -f -a ${topic} -d ${quoted(summary)}`
        : `complete -c vsctl -n "__fish_seen_subcommand_from ${topic}" -f -a ${verb} -d ${quoted(summary)}`;
    return [
      own,
      ...flags.map(
        (flag) => `complete -c vsctl -n "__fish_seen_subcommand_from ${under}" -l ${flag.replace(/^--/, "")}`,
      ),
    ];
  });
  const topics = new Set(commands.filter(({ words }) => words.length > 1).map(({ words }) => words[0]));
  const first = [...topics].map((topic) => `complete -c vsctl -n __fish_use_subcommand -f -a ${topic ?? ""}`);
  return `${[...first, ...lines].join("\n")}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`;
}
