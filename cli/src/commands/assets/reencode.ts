// Has a ready asset encoded anew with another ladder, or with the same one as it is set now. What it has plays until the
// new edition is whole and takes its place.
import * as Flags from "@oclif/core/flags";
import { VsError } from "@vstream/core/errors.ts";
import type { ControlClient } from "../../control-client.ts";
import { formatDuration } from "../../durations.ts";
import { durationFlag } from "../../flags.ts";
import { follow } from "../../follow.ts";
import { formatPace, formatShare } from "../../formats.ts";
import { openProgress } from "../../ingest/progress.ts";
import { assetArgs } from "../../named-args.ts";
import type { Asset } from "../../shapes.ts";
import { failIfOver } from "../../wait-for-asset.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

const defaultTimeoutMs = 24 * 60 * 60_000;

export default class AssetsReencode extends VsctlCommand {
  static override args = assetArgs;
  static override flags = {
    ladder: Flags.string({ description: "what to encode into", required: true }),
    wait: Flags.boolean({ description: "until the new edition plays" }),
    timeout: durationFlag({ description: "give up waiting after this long (24h)", dependsOn: ["wait"] }),
  };

  async run(): Promise<Asset> {
    const { args, flags } = await this.parse(AssetsReencode);
    if (flags.wait) return await this.#wait(args.id, flags);
    await using client = await this.connect(flags);
    const asset = await client.reencodeAsset(args.id, flags.ladder);
    this.print(`asset ${asset.id} is encoded anew with ladder ${flags.ladder}; what it has plays until that is done`);
    this.say(`See how far it is with: vsctl assets show ${asset.id} --watch`);
    return asset;
  }

  async #wait(id: string, flags: Parameters<typeof this.connect>[0] & { ladder: string; timeout: number | undefined }) {
    const timeoutMs = flags.timeout ?? defaultTimeoutMs;
    const late = new AbortController();
    let last: Asset | undefined;
    const timer = setTimeout(() => {
      late.abort(tooLate(id, timeoutMs, last));
    }, timeoutMs);
    try {
      const signal = AbortSignal.any([this.signal, late.signal]);
      await using client = await this.connect(flags, signal);
      const begun = await client.reencodeAsset(id, flags.ladder);
      const asset = await this.#follow(client, { begun, signal }, (now) => {
        last = now;
      });
      this.print(`asset ${id} plays as it was encoded anew, with ladder ${asset.ladder}`);
      return asset;
    } finally {
      clearTimeout(timer);
    }
  }

  async #follow(
    client: ControlClient,
    { begun, signal }: { begun: Asset; signal: AbortSignal },
    onChange: (asset: Asset) => void,
  ): Promise<Asset> {
    const { id, nextLadder } = begun;
    const progress = await openProgress(process.stderr);
    const shown = progress.begin(begun.title);
    const options = { clock: this.clock, signal, onLost: this.sayLost };
    try {
      for await (const asset of follow((resumeToken) => client.watchAsset(id, resumeToken), options)) {
        onChange(asset);
        failIfOver(asset);
        if (asset.edition > begun.edition) return asset;
        if (asset.nextLadder === null) throw givenUp(asset);
        shown.step(`ladder ${nextLadder ?? ""}`, asset.nextProgress, formatPace(asset));
      }
    } finally {
      progress.close();
    }
    throw new VsError("asset_deleted", `asset ${id} was deleted`);
  }
}

function givenUp({ id, reencodeError }: Asset): VsError {
  const plays = "what it had plays on";
  if (reencodeError === null) return new VsError("cancelled", `encoding asset ${id} anew was cancelled: ${plays}`);
  const { code, message, hint } = reencodeError;
  return new VsError(code, `asset ${id} was not encoded anew, and ${plays}: ${message}`, {
    hint: hint === "" ? `See what happened with: vsctl tasks list --asset ${id}` : hint,
  });
}

function tooLate(id: string, timeoutMs: number, last: Asset | undefined): VsError {
  const now = last === undefined ? "" : `: ${formatShare(last.nextProgress ?? 0)} of it is done`;
  return new VsError("timed_out", `asset ${id} is not encoded anew after ${formatDuration(timeoutMs)}${now}`, {
    hint: `The work goes on by itself. See what it waits for with: vsctl tasks list --asset ${id}`,
  });
}
