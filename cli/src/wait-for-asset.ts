// Waits until an asset has come as far as wanted, through restarts of the control plane.
import { VsError } from "@vstream/core/errors.ts";
import type { ControlClient } from "./control-client.ts";
import { follow } from "./follow.ts";
import type { FollowOptions } from "./follow.ts";
import type { Asset } from "./shapes.ts";

export type Milestone = "playable" | "ready" | "deleted";

export interface WaitOptions extends FollowOptions {
  readonly until: Milestone;
  /** Called with every snapshot. */
  readonly onChange?: (asset: Asset) => void;
}

/**
 * The asset when it is there. `deleted` is reached when it is gone for good, out of the trash too.
 * @throws VsError the asset's own error when it failed, asset_deleted when it went instead
 */
export async function waitForAsset(client: ControlClient, id: string, options: WaitOptions): Promise<Asset> {
  let last: Asset | undefined;
  try {
    for await (const asset of follow((resumeToken) => client.watchAsset(id, resumeToken), options)) {
      last = asset;
      options.onChange?.(asset);
      if (options.until === "deleted") continue;
      if (hasReached(asset, options.until)) return asset;
      failIfOver(asset);
    }
  } catch (thrown) {
    const gone = thrown instanceof VsError && ["asset_deleted", "asset_not_found"].includes(thrown.code);
    if (!gone || last === undefined) throw thrown;
  }
  if (options.until === "deleted" && last !== undefined) return last;
  throw deleted(id);
}

/** Whether an asset is playable or ready. */
export function hasReached({ state }: Asset, milestone: "playable" | "ready"): boolean {
  return state === "ready" || (milestone === "playable" && state === "playable");
}

/** @throws VsError when the asset can come no further: failed, or deleted */
export function failIfOver(asset: Asset): void {
  if (asset.state === "deleting") throw deleted(asset.id);
  if (asset.state !== "failed") return;
  const { code, message, hint } = asset.error ?? { code: "asset_failed", message: "it failed", hint: "" };
  throw new VsError(code, `asset ${asset.id} (${asset.title}) failed: ${message}`, {
    hint: hint === "" ? `See what happened with: vsctl tasks list --asset ${asset.id}` : hint,
  });
}

function deleted(id: string): VsError {
  return new VsError("asset_deleted", `asset ${id} was deleted`, {
    hint: `While it is in the trash, bring it back with: vsctl assets undelete ${id}`,
  });
}
