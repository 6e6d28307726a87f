// oclif's configuration without its search of the disk: the commands are those of the table, in the clone and in the
// bundle alike, and there are no plugins and no hooks.
import type { Command } from "@oclif/core/command";
import { Config } from "@oclif/core/config";
import type { PJSON, Topic } from "@oclif/core/interfaces";

export interface VsctlConfigOptions {
  readonly version: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** For help only. */
  readonly commands?: readonly Command.Loadable[];
  readonly topics?: readonly Topic[];
}

export class VsctlConfig extends Config {
  readonly signal: AbortSignal;
  readonly #commands: readonly Command.Loadable[];
  readonly #topics: readonly Topic[];

  constructor(options: VsctlConfigOptions) {
    const pjson: PJSON = { name: "vsctl", version: options.version, oclif: { bin: "vsctl", topicSeparator: " " } };
    super({ root: "/", pjson });
    this.pjson = pjson;
    this.name = "vsctl";
    this.bin = "vsctl";
    this.version = options.version;
    this.root = "/";
    this.topicSeparator = " ";
    this.userAgent = `vsctl/${options.version}`;
    this.flexibleTaxonomy = false;
    this.signal = options.signal;
    this.#commands = options.commands ?? [];
    this.#topics = options.topics ?? [];
  }

  override get commands(): Command.Loadable[] {
    return [...this.#commands];
  }

  override get topics(): Topic[] {
    return [...this.#topics];
  }

  override findCommand(id: string, options: { must: true }): Command.Loadable;
  override findCommand(id: string, options?: { must: boolean }): Command.Loadable | undefined;
  override findCommand(id: string): Command.Loadable | undefined {
    return this.#commands.find((command) => command.id === id);
  }

  override findTopic(id: string, options: { must: true }): Topic;
  override findTopic(id: string, options?: { must: boolean }): Topic | undefined;
  override findTopic(id: string): Topic | undefined {
    return this.#topics.find((topic) => topic.name === id);
  }

  override runHook(): Promise<{ failures: never[]; successes: never[] }> {
    return Promise.resolve({ failures: [], successes: [] });
  }
}
