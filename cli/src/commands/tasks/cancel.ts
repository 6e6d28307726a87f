// Ends a task, wherever it runs.
import { taskArgs } from "../../named-args.ts";
import type { Task } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class TasksCancel extends VsctlCommand {
  static override args = taskArgs;

  async run(): Promise<Task> {
    const { args, flags } = await this.parse(TasksCancel);
    await using client = await this.connect(flags);
    const task = await client.cancelTask(args.id);
    this.print(`task ${task.id} is ${task.state}`);
    return task;
  }
}
