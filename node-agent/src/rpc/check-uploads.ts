// Asks the control plane, while a session lasts, which unfinished uploads of this node nobody will go on with.
import type { Clock } from "@vstream/core/clock.ts";
import { asVsError } from "@vstream/core/errors.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { AgentServiceClient, CheckUploadsResponse } from "@vstream/proto/agent.ts";
import { assetIdOf } from "./checked.ts";
import type { ControlListener, ControlSubject } from "./control-messages.ts";
import { unary } from "./unary.ts";

export const checkUploadsEveryMs = 60_000;
/** In one question; the rest come once these have gone. */
const askedAtOnce = 1_000;

export interface CheckUploadsDeps {
  readonly client: AgentServiceClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly subject: Pick<ControlSubject, "unfinishedUploads">;
  readonly listener: Pick<ControlListener, "uploadsUnwanted">;
}

/** Runs until the signal says stop, and rejects with its reason. A question that fails is asked again. */
export async function keepCheckingUploads(deps: CheckUploadsDeps, signal: AbortSignal): Promise<never> {
  for (;;) {
    try {
      await checkOnce(deps, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      deps.log.debug({ err: asVsError(thrown) }, "unfinished uploads not checked");
    }
    await deps.clock.sleep(checkUploadsEveryMs, signal);
  }
}

async function checkOnce({ client, subject, listener }: CheckUploadsDeps, signal: AbortSignal): Promise<void> {
  const assetIds = (await subject.unfinishedUploads()).slice(0, askedAtOnce);
  if (assetIds.length === 0) return;
  const { unwantedAssetIds } = await unary<CheckUploadsResponse>(
    (metadata, options, done) => client.checkUploads({ assetIds }, metadata, options, done),
    signal,
  );
  if (unwantedAssetIds.length > 0) listener.uploadsUnwanted(unwantedAssetIds.map(assetIdOf));
}
