// Where an asset plays: the player page and the playlist on each node that serves it, best first.
import { assetArgs } from "../../named-args.ts";
import type { AssetPlayback } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class AssetsUrl extends VsctlCommand {
  static override args = assetArgs;

  async run(): Promise<AssetPlayback> {
    const { args, flags } = await this.parse(AssetsUrl);
    await using client = await this.connect(flags);
    const found = await client.getPlayback(args.id);
    const { watch, hls, dash } = found.playback;
    for (const url of [...watch, ...hls, ...dash]) this.print(url);
    if (watch.length + hls.length === 0 && !this.jsonEnabled()) {
      this.say(
        `asset ${args.id} is ${found.asset.state}: no node serves it yet. Wait with: vsctl assets wait ${args.id}`,
      );
    }
    return found;
  }
}
