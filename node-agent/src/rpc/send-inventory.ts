// Tells the control plane all that this node holds, in messages of a bounded size, at the pace of the reader.
import { once } from "node:events";
import { Metadata } from "@grpc/grpc-js";
import { fromServiceError } from "@vstream/core/grpc.ts";
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import type { AgentServiceClient, ReportInventoryResponse } from "@vstream/proto/agent.ts";
import { asError } from "./unary.ts";
import { inventoryToWire } from "./wire-copies.ts";

/** A million pieces are sent in a few seconds; more than this means that nobody reads. */
const inventoryLimitMs = 60_000;

/**
 * Gives the ids of assets that the control plane does not know (any more).
 * @throws VsError what the service said, or unavailable, timed_out; the signal's reason when aborted
 */
export async function sendInventory(
  client: AgentServiceClient,
  inventory: ReadonlyMap<AssetId, readonly PieceId[]>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  signal.throwIfAborted();
  const answer = Promise.withResolvers<ReportInventoryResponse>();
  const ended = new AbortController();
  const options = { deadline: Date.now() + inventoryLimitMs };
  const call = client.reportInventory(new Metadata(), options, (error, response) => {
    ended.abort();
    if (error === null) answer.resolve(response);
    else answer.reject(signal.aborted ? asError(signal.reason) : fromServiceError(error));
  });
  call.on("error", () => {
    // The callback says the same.
  });
  const abort = (): void => {
    call.cancel();
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    for (const message of inventoryToWire(inventory)) {
      if (ended.signal.aborted) break;
      if (!call.write(message)) await drained(call, ended.signal);
    }
    call.end();
    return (await answer.promise).unknownAssetIds;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function drained(call: NodeJS.EventEmitter, ended: AbortSignal): Promise<void> {
  try {
    await once(call, "drain", { signal: ended });
  } catch {
    // The call is over; its answer says why.
  }
}
