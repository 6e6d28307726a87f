// One asset; with --watch, again after each change until it is gone.
import * as Flags from "@oclif/core/flags";
import type { ControlClient } from "../../control-client.ts";
import { follow } from "../../follow.ts";
import { formatPace, formatShare } from "../../formats.ts";
import { assetArgs } from "../../named-args.ts";
import { assetFields } from "../../pages.ts";
import type { Asset } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class AssetsShow extends VsctlCommand {
  static override args = assetArgs;
  static override flags = { watch: Flags.boolean({ description: "show it again after each change" }) };

  async run(): Promise<Asset | undefined> {
    const { args, flags } = await this.parse(AssetsShow);
    await using client = await this.connect(flags);
    if (flags.watch) {
      await this.#watch(client, args.id);
      return undefined;
    }
    const asset = await client.getAsset(args.id);
    await this.printFields(assetFields(asset, this.clock.now()));
    return asset;
  }

  async #watch(client: ControlClient, id: string): Promise<void> {
    const options = { clock: this.clock, signal: this.signal, onLost: this.sayLost };
    let shown = "";
    for await (const asset of follow((resumeToken) => client.watchAsset(id, resumeToken), options)) {
      if (this.jsonEnabled()) {
        this.printJsonLine(asset);
        continue;
      }
      if (shown === "") await this.printFields(assetFields(asset, this.clock.now()));
      const line = changeLine(asset);
      if (shown !== "" && shown !== line) this.print(`${new Date(this.clock.now()).toISOString()}  ${line}`);
      shown = line;
    }
    this.say(`asset ${id} is gone`);
  }
}

function nextEdition({ nextLadder, nextProgress }: Pick<Asset, "nextLadder" | "nextProgress">): string {
  return nextLadder === null ? "" : `  next edition (${nextLadder}) ${formatShare(nextProgress ?? 0)}`;
}

function changeLine({ state, step, progress, replicas, error, ...rest }: Asset): string {
  const verified = replicas.filter((replica) => replica.state === "verified").length;
  const failure = error === null ? "" : `  ${error.message}`;
  return `${state.padEnd(10)}  ${formatShare(progress).padStart(5)}  ${verified} copies  ${step ?? ""}${formatPace(rest)}${failure}${nextEdition(rest)}`;
}
