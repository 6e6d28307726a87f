// Waits until an asset is playable, ready, or gone for good.
import * as Flags from "@oclif/core/flags";
import { VsError } from "@vstream/core/errors.ts";
import { formatDuration } from "../../durations.ts";
import { durationFlag } from "../../flags.ts";
import { formatShare } from "../../formats.ts";
import { assetArgs } from "../../named-args.ts";
import type { Asset } from "../../shapes.ts";
import { waitForAsset } from "../../wait-for-asset.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

const defaultTimeoutMs = 30 * 60_000;

export default class AssetsWait extends VsctlCommand {
  static override args = assetArgs;
  static override flags = {
    for: Flags.option({
      description: "what to wait for; deleted: gone from the trash too",
      options: ["playable", "ready", "deleted"] as const,
      default: "ready",
    })(),
    timeout: durationFlag({ description: "give up after this long (30m)" }),
  };

  async run(): Promise<Asset> {
    const { args, flags } = await this.parse(AssetsWait);
    const timeoutMs = flags.timeout ?? defaultTimeoutMs;
    let last: Asset | undefined;
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort(tooLate(args.id, { milestone: flags.for, timeoutMs, last }));
    }, timeoutMs);
    const signal = AbortSignal.any([this.signal, late.signal]);
    try {
      await using client = await this.connect(flags, signal);
      const onChange = (asset: Asset): void => {
        last = asset;
      };
      const options = { until: flags.for, clock: this.clock, signal, onLost: this.sayLost, onChange };
      const asset = await waitForAsset(client, args.id, options);
      this.print(flags.for === "deleted" ? `asset ${args.id} is gone` : `asset ${args.id} is ${asset.state}`);
      return asset;
    } finally {
      clearTimeout(timer);
    }
  }
}

function tooLate(
  id: string,
  { milestone, timeoutMs, last }: { milestone: string; timeoutMs: number; last: Asset | undefined },
): VsError {
  const now = last === undefined ? "" : `: it is ${last.state}, ${formatShare(last.progress)} done`;
  return new VsError("timed_out", `asset ${id} is not ${milestone} after ${formatDuration(timeoutMs)}${now}`, {
    hint: `See what it waits for with: vsctl tasks list --asset ${id}`,
  });
}
