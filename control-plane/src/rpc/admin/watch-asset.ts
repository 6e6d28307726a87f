// An asset's snapshot now and after each change, until the asset is gone or nobody listens any more. The resume token
// is the hash of the snapshot: who has it already is not sent it again.
import { createHash } from "node:crypto";
import { VsError } from "@vstream/core/errors.ts";
import { Asset as WireAsset } from "@vstream/proto/admin.ts";
import type { WatchAssetRequest, WatchAssetResponse } from "@vstream/proto/admin.ts";
import type { CallContext } from "../answered-call.ts";
import type { User } from "../caller.ts";
import * as check from "../wire/checks.ts";
import type { AdminDeps } from "./admin-calls.ts";
import { showAsset } from "./show-asset.ts";
import { watch } from "./watching.ts";

const pace = { notBeforeMs: 500, atLatestMs: 5_000 };

export async function* watchAsset(
  deps: AdminDeps,
  request: WatchAssetRequest,
  { signal }: CallContext<User>,
): AsyncGenerator<WatchAssetResponse> {
  const assetId = check.assetId(request.id);
  let sent = check.text(request.resumeToken, "resume token", { max: 64 });
  let found = false;
  using changes = watch(deps.loop, {
    ...pace,
    clock: deps.clock,
    signal,
    isOfInterest: ({ assetIds }) => assetIds.length === 0 || assetIds.includes(assetId),
  });
  for (;;) {
    const asset = await showAsset(deps, assetId).catch(nullWhenGone(found));
    if (asset === null) return;
    found = true;
    const resumeToken = tokenOf(asset);
    if (resumeToken !== sent) yield { asset, resumeToken };
    sent = resumeToken;
    await changes.next();
  }
}

// An asset that goes while it is watched ends the stream; one that was never there is an error.
function nullWhenGone(found: boolean): (thrown: unknown) => null {
  return (thrown) => {
    if (found && thrown instanceof VsError && thrown.code === "asset_not_found") return null;
    throw thrown;
  };
}

function tokenOf(asset: WireAsset): string {
  return createHash("sha256").update(WireAsset.encode(asset).finish()).digest("hex").slice(0, 32);
}
