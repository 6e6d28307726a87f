// The command behind each entry of later-parts.ts.
import type { CommandClass } from "./command-entry.ts";
import { notThereYet } from "./later-parts.ts";
import type { LaterCommand } from "./later-parts.ts";
import { VsctlCommand } from "./vsctl-command.ts";

/** A command that takes any arguments and fails with not_there_yet. */
export function makeLaterCommand({ id, part }: LaterCommand): CommandClass {
  return class extends VsctlCommand {
    static override strict = false;

    run(): Promise<never> {
      this.parsed = true;
      return Promise.reject(notThereYet(`"vsctl ${id.replaceAll(":", " ")}"`, part));
    }
  };
}
