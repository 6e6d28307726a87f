// Ends the making of an asset that is not ready, or of the next edition of one that is.
import { assetArgs } from "../../named-args.ts";
import type { Asset } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class AssetsCancel extends VsctlCommand {
  static override examples = ["vsctl assets cancel as1m823v0pw6kegn5kge6b"];
  static override args = assetArgs;

  async run(): Promise<Asset> {
    const { args, flags } = await this.parse(AssetsCancel);
    await using client = await this.connect(flags);
    const asset = await client.cancelAsset(args.id);
    const outcome =
      asset.state === "ready" ? "is not encoded anew, and plays on as it is" : "is cancelled; what was made of it goes";
    this.print(`asset ${asset.id} (${asset.title}) ${outcome}`);
    return asset;
  }
}
