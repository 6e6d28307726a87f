// Brings an asset back from the trash.
import { assetArgs } from "../../named-args.ts";
import type { Asset } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class AssetsUndelete extends VsctlCommand {
  static override args = assetArgs;

  async run(): Promise<Asset> {
    const { args, flags } = await this.parse(AssetsUndelete);
    await using client = await this.connect(flags);
    const asset = await client.undeleteAsset(args.id);
    this.print(`asset ${asset.id} (${asset.title}) is ${asset.state} again`);
    return asset;
  }
}
