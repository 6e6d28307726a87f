// What every command of vsctl shares: the global flags, the connection, and where words go (results to standard
// output, messages to standard error; with --json one document on standard output and nothing else).
import { Command } from "@oclif/core/command";
import type { FlagInput } from "@oclif/core/interfaces";
import type { Clock } from "@vstream/core/clock.ts";
import { systemClock } from "@vstream/core/clock.ts";
import { findCluster } from "./cluster-address.ts";
import type { ControlClient } from "./control-client.ts";
import { escapeText } from "./escape-text.ts";
import { globalFlags } from "./flags.ts";
import type { GlobalFlags } from "./flags.ts";
import type { Page } from "./shapes.ts";
import type { Column } from "./table.ts";
import type { VsctlConfig } from "./vsctl-config.ts";

export abstract class VsctlCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = globalFlags;
  static override flags: FlagInput = {};

  declare config: VsctlConfig;
  protected readonly clock: Clock = systemClock;

  /** Aborted by Ctrl-C. */
  protected get signal(): AbortSignal {
    return this.config.signal;
  }

  /** Runs the command: its result is printed when --json is given. */
  async execute(): Promise<void> {
    await this._run();
  }

  protected async connect(
    flags: Pick<GlobalFlags, "config" | "server">,
    signal: AbortSignal = this.signal,
  ): Promise<ControlClient> {
    const cluster = findCluster({ config: flags.config, server: flags.server, env: process.env });
    // gRPC is a third of the start-up time: only commands that call load it.
    const { connectToCluster } = await import("./control-client.ts");
    return await connectToCluster(cluster, signal);
  }

  /** A line of the result, for people: what it contains cannot steer the terminal. */
  protected print(text: string): void {
    this.log(escapeText(text));
  }

  /** A message for people, also beside --json. */
  protected say(text: string): void {
    process.stderr.write(`${escapeText(text)}\n`);
  }

  /** For what goes on by itself when the control plane is back. */
  protected readonly sayLost = (): void => {
    this.say("the control plane does not answer; trying again");
  };

  /** One JSON object on a line, of a command that gives them as they come. */
  protected printJsonLine(value: unknown): void {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  protected async printFields(fields: readonly (readonly [name: string, value: string])[]): Promise<void> {
    if (this.jsonEnabled()) return;
    const { formatFields } = await import("./table.ts");
    this.log(formatFields(fields));
  }

  protected async printTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): Promise<void> {
    if (this.jsonEnabled()) return;
    const { formatTable } = await import("./table.ts");
    this.log(await formatTable(rows, columns));
  }

  /** A list for people: a table, ids alone with `-q`, and how to see more. */
  protected async printPage<Row extends { readonly id: string | number }>(
    page: Page<Row>,
    columns: readonly Column<Row>[],
    options: { quiet: boolean; none: string },
  ): Promise<void> {
    if (this.jsonEnabled()) return;
    if (options.quiet) {
      for (const row of page.items) this.log(String(row.id));
    } else if (page.items.length === 0) {
      this.say(options.none);
    } else {
      await this.printTable(page.items, columns);
    }
    if (page.nextCursor !== null) this.say(`There are more: add --cursor ${page.nextCursor}`);
  }

  protected override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
  }

  // Errors are reported in one place, for all commands and for what is not one.
  protected override catch(thrown: Error): Promise<never> {
    return Promise.reject(thrown);
  }
}
