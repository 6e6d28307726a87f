// The tasks, a line each.
import * as Flags from "@oclif/core/flags";
import { listFlags, toListQuery } from "../../flags.ts";
import { formatAgo, formatShare, orNothing } from "../../formats.ts";
import type { Page, Task } from "../../shapes.ts";
import type { Column } from "../../table.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class TasksList extends VsctlCommand {
  static override flags = {
    ...listFlags,
    asset: Flags.string({ description: "only those of this asset", helpValue: "ID" }),
  };

  async run(): Promise<Page<Task>> {
    const { flags } = await this.parse(TasksList);
    await using client = await this.connect(flags);
    const page = await client.listTasks(toListQuery(flags), flags.asset ?? "");
    await this.printPage(page, columnsAt(this.clock.now()), { quiet: flags.quiet, none: "There are no such tasks." });
    return page;
  }
}

function columnsAt(nowMs: number): Column<Task>[] {
  return [
    { title: "ID", value: (task) => task.id },
    { title: "KIND", value: (task) => task.kind },
    { title: "PIECE", value: (task) => orNothing(task.pieceId) },
    { title: "STATE", value: (task) => task.state },
    { title: "DONE", value: (task) => formatShare(task.progress), align: "right" },
    { title: "TRY", value: (task) => String(task.attempt), align: "right" },
    { title: "NODE", value: (task) => orNothing(task.nodeId) },
    { title: "ASSET", value: (task) => task.assetId },
    { title: "CREATED", value: (task) => formatAgo(task.createdAt, nowMs) },
    { title: "ERROR", value: (task) => orNothing(task.error?.code ?? null) },
  ];
}
