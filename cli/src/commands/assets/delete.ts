// Puts an asset into the trash: it plays no longer, and can be brought back for a time.
import { confirm } from "../../confirm.ts";
import { yesFlag } from "../../flags.ts";
import { assetArgs } from "../../named-args.ts";
import type { Asset } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class AssetsDelete extends VsctlCommand {
  static override args = assetArgs;
  static override flags = { yes: yesFlag };

  async run(): Promise<Asset> {
    const { args, flags } = await this.parse(AssetsDelete);
    await confirm(`Delete asset ${args.id}?`, { yes: flags.yes, signal: this.signal });
    await using client = await this.connect(flags);
    const asset = await client.deleteAsset(args.id);
    this.print(
      `asset ${asset.id} (${asset.title}) is in the trash; bring it back with: vsctl assets undelete ${asset.id}`,
    );
    return asset;
  }
}
