// The cluster at a glance.
import { formatAgo, formatBytes, formatShare } from "../formats.ts";
import type { Status } from "../shapes.ts";
import { VsctlCommand } from "../vsctl-command.ts";

export default class StatusCommand extends VsctlCommand {
  async run(): Promise<Status> {
    const { flags } = await this.parse(StatusCommand);
    await using client = await this.connect(flags);
    const status = await client.getStatus();
    const { storedBytes, capacityBytes } = status;
    await this.printFields([
      ["control plane", `version ${status.version}, started ${formatAgo(status.startedAt, this.clock.now())}`],
      ["nodes", formatCounts(status.nodesByHealth)],
      ["assets", formatCounts(status.assetsByState)],
      ["degraded assets", String(status.degradedAssets)],
      ["tasks", formatCounts(status.tasksByState)],
      [
        "storage",
        `${formatBytes(storedBytes)} of ${formatBytes(capacityBytes)} (${formatShare(storedBytes / Math.max(1, capacityBytes))})`,
      ],
      ...status.problems.map((problem) => ["problem", problem] as const),
    ]);
    if (status.problems.length > 0 && !this.jsonEnabled()) this.say("See what to do with: vsctl doctor");
    return status;
  }
}

function formatCounts(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length === 0 ? "none" : some.map(([state, count]) => `${count} ${state}`).join(", ");
}
