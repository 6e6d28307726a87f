// Every command of vsctl, by id. An explicit table, so that the clone and the one-file bundle find the same commands
// without searching the disk, and only the one that runs is loaded.
import type { CommandClass, CommandEntry } from "./command-entry.ts";
import { laterCommands } from "./later-parts.ts";

type Loader = () => Promise<{ default: CommandClass }>;

const here: readonly (readonly [id: string, summary: string, load: Loader])[] = [
  ["assets:cancel", "Stop making an asset", () => import("./commands/assets/cancel.ts")],
  ["assets:check", "Hold an asset against the authoring rules", () => import("./commands/assets/check.ts")],
  ["assets:delete", "Delete an asset; a trash keeps it for a time", () => import("./commands/assets/delete.ts")],
  ["assets:download", "Fetch an asset's source back", () => import("./commands/assets/download.ts")],
  ["assets:list", "The assets", () => import("./commands/assets/list.ts")],
  ["assets:provenance", "What an asset was made from and with", () => import("./commands/assets/provenance.ts")],
  ["assets:rebuild", "Make again what has no good copy", () => import("./commands/assets/rebuild.ts")],
  ["assets:reencode", "Encode an asset anew while it plays", () => import("./commands/assets/reencode.ts")],
  ["assets:show", "One asset", () => import("./commands/assets/show.ts")],
  ["assets:undelete", "Bring a deleted asset back from the trash", () => import("./commands/assets/undelete.ts")],
  [
    "assets:update",
    "Change an asset's title, labels or copies, or add subtitles",
    () => import("./commands/assets/update.ts"),
  ],
  ["assets:url", "Where an asset plays", () => import("./commands/assets/url.ts")],
  ["assets:verify", "Hash every copy of an asset again, on every node", () => import("./commands/assets/verify.ts")],
  ["assets:wait", "Wait until an asset is playable, ready or deleted", () => import("./commands/assets/wait.ts")],
  [
    "completion",
    "A script that completes vsctl's commands in your shell",
    async () => ({ default: (await import("./commands/completion.ts")).makeCompletion(commandTable) }),
  ],
  ["dev:down", "Stop a local cluster; its data stays", () => import("./commands/dev/down.ts")],
  ["dev:start", "Start one program of a local cluster", () => import("./commands/dev/start.ts")],
  ["dev:status", "What runs of a local cluster", () => import("./commands/dev/status.ts")],
  ["dev:stop", "Stop one program of a local cluster", () => import("./commands/dev/stop.ts")],
  ["dev:up", "Start a whole cluster on this machine", () => import("./commands/dev/up.ts")],
  ["doctor", "What is wrong and what to do", () => import("./commands/doctor.ts")],
  ["events", "What happened", () => import("./commands/events.ts")],
  ["ingest", "Take videos in and have them encoded", () => import("./commands/ingest.ts")],
  ["nodes:cordon", "Give a node no new work and no new copies", () => import("./commands/nodes/cordon.ts")],
  ["nodes:drain", "Move a node's copies and work elsewhere", () => import("./commands/nodes/drain.ts")],
  ["nodes:impact", "Which assets and viewers depend on a node", () => import("./commands/nodes/impact.ts")],
  ["nodes:list", "The nodes", () => import("./commands/nodes/list.ts")],
  ["nodes:logs", "The last lines of a node's log", () => import("./commands/nodes/logs.ts")],
  ["nodes:rebalance", "What would even out how full the nodes are", () => import("./commands/nodes/rebalance.ts")],
  ["nodes:remove", "Take a node out of the cluster", () => import("./commands/nodes/remove.ts")],
  ["nodes:show", "One node", () => import("./commands/nodes/show.ts")],
  ["nodes:uncordon", "Use a node again", () => import("./commands/nodes/uncordon.ts")],
  ["status", "The cluster at a glance", () => import("./commands/status.ts")],
  ["tasks:cancel", "Cancel a task", () => import("./commands/tasks/cancel.ts")],
  ["tasks:list", "The tasks", () => import("./commands/tasks/list.ts")],
  ["tasks:logs", "What a task's ffmpeg said last", () => import("./commands/tasks/logs.ts")],
  ["tasks:retry", "Try a task again", () => import("./commands/tasks/retry.ts")],
  ["tasks:show", "One task", () => import("./commands/tasks/show.ts")],
  ["tokens:create", "Make a token for a node or a user", () => import("./commands/tokens/create.ts")],
  ["tokens:list", "The tokens, without their secrets", () => import("./commands/tokens/list.ts")],
  ["tokens:revoke", "Make a token worthless", () => import("./commands/tokens/revoke.ts")],
];

export const topics: Readonly<Record<string, string>> = {
  assets: "What has been ingested",
  catalog: "The control plane's memory",
  debug: "For reports of problems",
  dev: "A cluster on this machine, to try and to develop",
  nodes: "The machines that store, encode and serve",
  storage: "The storage tier below the agents",
  tasks: "The work that is waiting, under way and done",
  tokens: "The right to join the cluster or to steer it",
};

export const commandTable: readonly CommandEntry[] = [
  ...here.map(([id, summary, load]) => ({
    id,
    summary,
    load: async () => named((await load()).default, { id, summary }),
    later: false,
  })),
  ...laterCommands.map((command) => ({
    id: command.id,
    summary: `${command.summary} (not there yet)`,
    load: async () => {
      const { makeLaterCommand } = await import("./later-command.ts");
      return named(makeLaterCommand(command), { id: command.id, summary: `${command.summary} (not there yet)` });
    },
    later: true,
  })),
];

// The table is the one place that knows what a command is called.
function named(command: CommandClass, { id, summary }: { id: string; summary: string }): CommandClass {
  command.id = id;
  command.summary = summary;
  return command;
}
