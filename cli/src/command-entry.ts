// What an entry of the table of commands is.
import type { VsctlCommand } from "./vsctl-command.ts";
import type { VsctlConfig } from "./vsctl-config.ts";

type Described = "id" | "summary" | "description" | "examples" | "usage" | "strict" | "args" | "flags" | "baseFlags";

export type CommandClass = Pick<typeof VsctlCommand, Described> &
  (new (argv: string[], config: VsctlConfig) => VsctlCommand);

export interface CommandEntry {
  /** Its words, joined by colons. */
  readonly id: string;
  readonly summary: string;
  readonly load: () => Promise<CommandClass>;
  /** Not there yet: left out of completion, and marked in help. */
  readonly later: boolean;
}
