// Changes an asset that is there: its title and labels, its copies, how long its source is kept; adds subtitles.
import * as Flags from "@oclif/core/flags";
import { VsError } from "@vstream/core/errors.ts";
import type { AssetUpdate } from "../../control-client.ts";
import { labelFlag, parseLabels } from "../../flags.ts";
import { assetArgs } from "../../named-args.ts";
import type { Asset } from "../../shapes.ts";
import { readSubtitles } from "../../subtitle-files.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

const namedOnes = { multiple: true, multipleNonGreedy: true } as const;

export default class AssetsUpdate extends VsctlCommand {
  static override examples = [
    "vsctl assets update as1m823v0pw6kegn5kge6b --title 'The movie' --label series=demo --unlabel draft",
    "vsctl assets update as1m823v0pw6kegn5kge6b --subtitle de=movie.de.srt",
    "vsctl assets update as1m823v0pw6kegn5kge6b --replicas 3 --regions eu,us --keep-source ready",
  ];

  static override args = assetArgs;
  static override flags = {
    title: Flags.string({ description: "another title", helpValue: "TEXT" }),
    label: labelFlag("a label to set, or with nothing after the = to take away; may be repeated"),
    unlabel: Flags.string({ description: "a label to take away; may be repeated", helpValue: "K", ...namedOnes }),
    subtitle: Flags.string({ description: "subtitles to add; may be repeated", helpValue: "LANG=FILE", ...namedOnes }),
    replicas: Flags.integer({ description: "copies to keep from now on", min: 1, max: 10, helpValue: "N" }),
    regions: Flags.string({
      description: "regions that copies may stand in from now on",
      helpValue: "R,R",
      ...namedOnes,
      delimiter: ",",
      exclusive: ["any-region"],
    }),
    "any-region": Flags.boolean({ description: "copies may stand in any region from now on" }),
    pin: Flags.string({
      description: "a node that is to hold a copy whatever else, in place of those before; may be repeated",
      helpValue: "NODE",
      ...namedOnes,
      exclusive: ["no-pin"],
    }),
    "no-pin": Flags.boolean({ description: "no node is to hold a copy whatever else" }),
    "keep-source": Flags.option({
      description: "how long to keep the source: for ever, until it is ready, or only until it is encoded",
      options: ["always", "ready", "never"] as const,
    })(),
  };

  async run(): Promise<Asset> {
    const { args, flags } = await this.parse(AssetsUpdate);
    const update: AssetUpdate = {
      title: flags.title,
      ...labelChanges(flags.label ?? [], flags.unlabel ?? []),
      addSubtitles: await readSubtitles(flags.subtitle ?? []),
      replicas: flags.replicas,
      regions: flags["any-region"] ? [] : flags.regions,
      pinnedNodes: flags["no-pin"] ? [] : flags.pin,
      keepSource: flags["keep-source"],
    };
    if (isEmpty(update)) throw nothingToDo(args.id);
    await using client = await this.connect(flags);
    const asset = await client.updateAsset(args.id, update);
    this.print(`asset ${asset.id} (${asset.title}) is changed`);
    if (asksForWork(update)) this.say(`What follows of it is done by itself: vsctl assets show ${asset.id} --watch`);
    return asset;
  }
}

function labelChanges(
  labels: readonly string[],
  unlabels: readonly string[],
): Pick<AssetUpdate, "setLabels" | "removeLabels"> {
  const pairs = Object.entries(parseLabels(labels));
  const set = pairs.filter(([, value]) => value !== "");
  const emptied = pairs.filter(([, value]) => value === "").map(([name]) => name);
  const both = set.find(([name]) => unlabels.includes(name));
  if (both !== undefined) {
    throw new VsError("usage", `the label ${both[0]} is set and taken away`, { hint: "Name it in one of the flags" });
  }
  return { setLabels: Object.fromEntries(set), removeLabels: [...new Set([...emptied, ...unlabels])] };
}

function isEmpty({ setLabels, removeLabels, addSubtitles, ...others }: AssetUpdate): boolean {
  const lists = [Object.keys(setLabels), removeLabels, addSubtitles];
  return lists.every((list) => list.length === 0) && Object.values(others).every((value) => value === undefined);
}

function asksForWork(update: AssetUpdate): boolean {
  return !isEmpty({ ...update, title: undefined, setLabels: {}, removeLabels: [] });
}

function nothingToDo(id: string): VsError {
  return new VsError("usage", "the update names nothing to change", {
    hint: `Name what to change, such as: vsctl assets update ${id} --title TEXT. See all: vsctl assets update --help`,
  });
}
