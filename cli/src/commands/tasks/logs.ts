// What a task's ffmpeg said last; with --follow, until the task ends.
import * as Flags from "@oclif/core/flags";
import type { ControlClient } from "../../control-client.ts";
import { callPatiently } from "../../follow.ts";
import { newLines } from "../../new-lines.ts";
import { taskArgs } from "../../named-args.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

const pollMs = 1_000;

export default class TasksLogs extends VsctlCommand {
  static override args = taskArgs;
  static override flags = { follow: Flags.boolean({ description: "go on until the task ends" }) };

  async run(): Promise<{ task: string; lines: string[]; running: boolean } | undefined> {
    const { args, flags } = await this.parse(TasksLogs);
    await using client = await this.connect(flags);
    if (flags.follow) {
      await this.#follow(client, args.id);
      return undefined;
    }
    const { lines, running } = await client.getTaskLogs(args.id);
    for (const line of lines) this.print(line);
    return { task: args.id, lines, running };
  }

  async #follow(client: ControlClient, task: string): Promise<void> {
    let known: readonly string[] = [];
    for (;;) {
      const options = { clock: this.clock, signal: this.signal };
      const { lines, running } = await callPatiently(() => client.getTaskLogs(task), options);
      for (const line of newLines(known, lines)) {
        if (this.jsonEnabled()) this.printJsonLine({ task, line });
        else this.print(line);
      }
      known = lines;
      if (!running) return;
      await this.clock.sleep(pollMs, this.signal);
    }
  }
}
