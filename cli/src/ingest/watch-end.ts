// While a source is on its way, its asset may end: somebody cancels or deletes it. The client that still sends is to
// hear that within seconds, not when all is sent.
import type { Clock } from "@vstream/core/clock.ts";
import type { ControlClient } from "../control-client.ts";
import { callPatiently } from "../follow.ts";
import { failIfOver } from "../wait-for-asset.ts";

const lookEveryMs = 3_000;

export interface EndWatch extends AsyncDisposable {
  /** Aborted, with why, when the asset ends; and when the given one is. */
  readonly signal: AbortSignal;
  /** Whether it was the asset that ended. */
  readonly hasEnded: () => boolean;
}

/** Looks until it is disposed of. */
export function watchForEnd(
  client: Pick<ControlClient, "getAsset">,
  { assetId, clock, signal }: { readonly assetId: string; readonly clock: Clock; readonly signal: AbortSignal },
): EndWatch {
  const ended = new AbortController();
  const enough = new AbortController();
  const looking = AbortSignal.any([signal, enough.signal]);
  const looks = look().catch((why: unknown) => {
    if (!looking.aborted) ended.abort(why);
  });
  return {
    signal: AbortSignal.any([signal, ended.signal]),
    hasEnded: () => ended.signal.aborted,
    async [Symbol.asyncDispose]() {
      enough.abort();
      await looks;
    },
  };

  async function look(): Promise<never> {
    for (;;) {
      await clock.sleep(lookEveryMs, looking);
      // A look that fails says nothing about the asset: the upload itself finds out what is wrong.
      const asset = await callPatiently(() => client.getAsset(assetId), { clock, signal: looking }).catch(() => null);
      if (asset !== null) failIfOver(asset);
    }
  }
}
