// Gives a task that is dead or waiting its next try now.
import { taskArgs } from "../../named-args.ts";
import type { Task } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class TasksRetry extends VsctlCommand {
  static override args = taskArgs;

  async run(): Promise<Task> {
    const { args, flags } = await this.parse(TasksRetry);
    await using client = await this.connect(flags);
    const task = await client.retryTask(args.id);
    this.print(`task ${task.id} is ${task.state}; see how it goes with: vsctl tasks show ${task.id}`);
    return task;
  }
}
