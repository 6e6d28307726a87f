// What follows an upload: the source stands on one node only, and would be lost with it. Until the cluster has made
// its further copies, whoever has the file stays, ready to send it again.
import { asVsError } from "@vstream/core/errors.ts";
import type { Clock } from "@vstream/core/clock.ts";
import type { ControlClient, UploadTicket } from "../control-client.ts";
import { callPatiently } from "../follow.ts";

/** A node that restarts is back within this time; afterwards the upload begins anew elsewhere. */
export const nodePatienceMs = 10_000;
const pollMs = 1_000;

export interface CopiesWait {
  readonly assetId: string;
  /** Of the node that has the source. */
  readonly ticket: UploadTicket;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** null: the cluster goes on with the asset. A ticket: its node was lost, and the source is to be sent again. */
export async function awaitCopies(client: ControlClient, wait: CopiesWait): Promise<UploadTicket | null> {
  const { assetId, clock, signal, ticket } = wait;
  let downSinceMs: number | null = null;
  for (;;) {
    const asset = await callPatiently(() => client.getAsset(assetId), wait);
    if (asset.state !== "uploading") return null;
    const isDown = await isNodeDown(client, ticket.nodeId, wait);
    downSinceMs = isDown ? (downSinceMs ?? clock.monotonicMs()) : null;
    if (downSinceMs !== null && clock.monotonicMs() - downSinceMs > nodePatienceMs) {
      const renewed = await renew(client, wait);
      if (renewed !== null) return renewed;
    }
    await clock.sleep(pollMs, signal);
  }
}

async function isNodeDown(client: ControlClient, nodeId: string, wait: CopiesWait): Promise<boolean> {
  try {
    return (await callPatiently(() => client.getNode(nodeId), wait)).health === "down";
  } catch (thrown) {
    if (asVsError(thrown).code === "node_not_found") return true;
    throw thrown;
  }
}

// Another node may have a copy by now, or none may be there to take the source: both are waited out.
async function renew(client: ControlClient, wait: CopiesWait): Promise<UploadTicket | null> {
  try {
    return await callPatiently(() => client.renewUpload(wait.assetId, true), wait);
  } catch (thrown) {
    if (["conflict", "no_node_available"].includes(asVsError(thrown).code)) return null;
    throw thrown;
  }
}
