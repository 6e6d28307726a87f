// What happened in the cluster; with --follow, as it happens.
import * as Flags from "@oclif/core/flags";
import type { ControlClient } from "../control-client.ts";
import { parseInstant } from "../durations.ts";
import { listFlags, toListQuery } from "../flags.ts";
import { follow } from "../follow.ts";
import type { Event, Page } from "../shapes.ts";
import type { Column } from "../table.ts";
import { VsctlCommand } from "../vsctl-command.ts";

const columns: Column<Event>[] = [
  { title: "AT", value: (event) => event.at ?? "" },
  { title: "KIND", value: (event) => event.kind },
  { title: "SUBJECT", value: (event) => event.subject },
  { title: "BY", value: (event) => event.actor },
  { title: "MESSAGE", value: (event) => event.message },
];

export default class Events extends VsctlCommand {
  static override flags = {
    ...listFlags,
    follow: Flags.boolean({ description: "go on as things happen" }),
    since: Flags.string({ description: "from this time on, or from so long ago (15m)", helpValue: "T" }),
  };

  async run(): Promise<Page<Event> | undefined> {
    const { flags } = await this.parse(Events);
    const since = flags.since === undefined ? 0 : parseInstant(flags.since, this.clock.now());
    await using client = await this.connect(flags);
    if (flags.follow) {
      await this.#follow(client, since);
      return undefined;
    }
    const page = await client.listEvents(toListQuery(flags), since);
    await this.printPage(page, columns, { quiet: flags.quiet, none: "Nothing happened." });
    return page;
  }

  async #follow(client: ControlClient, since: number): Promise<void> {
    const options = { clock: this.clock, signal: this.signal, onLost: this.sayLost };
    for await (const event of follow((resumeToken) => client.watchEvents(since, resumeToken), options)) {
      if (this.jsonEnabled()) this.printJsonLine(event);
      else this.print(`${event.at ?? ""}  ${event.kind.padEnd(20)}  ${event.subject}  ${event.message}`);
    }
  }
}
