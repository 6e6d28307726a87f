// Brings an asset's source here, whatever happens on the way: the next node when one fails, new tickets when they are
// too old, a restart of the control plane waited out, and at the end the hash of all of it.
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { ControlClient } from "../control-client.ts";
import { callPatiently, patienceMs } from "../follow.ts";
import type { SourceTicket } from "../shapes.ts";
import { fetchPart } from "./fetch-part.ts";
import type { SourceTarget } from "./source-target.ts";

const retryMs = 1_000;

export interface DownloadOptions {
  readonly assetId: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Best first. */
  readonly tickets: readonly SourceTicket[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Bytes that are there. */
  readonly onProgress: (bytes: number) => void;
  /** What goes on, for people. */
  readonly say: (text: string) => void;
}

/**
 * Returns when the target has all of the source, with the right hash.
 * @throws VsError unavailable when no node gives it, object_corrupt; what the control plane and the target throw
 */
export async function downloadSource(
  client: Pick<ControlClient, "downloadSource">,
  target: SourceTarget,
  options: DownloadOptions,
): Promise<void> {
  await fetchAll(client, target, options);
  if (target.bytes === options.bytes && target.sha256() === options.sha256) return;
  // What an earlier command left here was not what it had fetched.
  if (!(await target.restart())) throw corrupt(options);
  options.say("what was here of it is damaged; fetching it again");
  await fetchAll(client, target, options);
  if (target.sha256() === options.sha256) return;
  await target.restart();
  throw corrupt(options);
}

async function fetchAll(
  client: Pick<ControlClient, "downloadSource">,
  target: SourceTarget,
  options: DownloadOptions,
): Promise<void> {
  const { assetId, clock, signal } = options;
  let { tickets } = options;
  let gotOnAtMs = clock.monotonicMs();
  const take = async (part: Uint8Array): Promise<void> => {
    await target.take(part);
    gotOnAtMs = clock.monotonicMs();
    options.onProgress(target.bytes);
  };
  for (let failure = ""; target.bytes < options.bytes;) {
    for (const ticket of tickets) {
      const fetched = await fetchPart(ticket, { ...options, from: target.bytes, take });
      if (fetched.kind === "whole") return;
      const reason = fetched.kind === "failed" ? fetched.reason : "it does not take the ticket";
      if (failure !== reason) options.say(`node ${ticket.nodeId} does not go on: ${reason}`);
      failure = reason;
    }
    if (clock.monotonicMs() - gotOnAtMs > patienceMs) throw gaveUp(assetId, failure);
    await clock.sleep(retryMs, signal);
    ({ tickets } = await callPatiently(() => client.downloadSource(assetId), options));
  }
}

function gaveUp(assetId: string, reason: string): VsError {
  return new VsError("unavailable", `no node gives the source of ${assetId}: ${reason}`, {
    hint: "Check the nodes with: vsctl nodes list. Then run the same command again: it goes on where it was",
  });
}

function corrupt({ assetId, sha256 }: DownloadOptions): VsError {
  return new VsError("object_corrupt", `what came is not the source of ${assetId}: its hash is not ${sha256}`, {
    hint: "Run the same command again. If it happens again, check this machine's disk and memory",
  });
}
