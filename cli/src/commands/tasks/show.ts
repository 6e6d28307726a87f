// One task.
import { taskArgs } from "../../named-args.ts";
import { taskFields } from "../../pages.ts";
import type { Task } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class TasksShow extends VsctlCommand {
  static override args = taskArgs;

  async run(): Promise<Task> {
    const { args, flags } = await this.parse(TasksShow);
    await using client = await this.connect(flags);
    const task = await client.getTask(args.id);
    await this.printFields(taskFields(task, this.clock.now()));
    return task;
  }
}
