// A node's inventory comes in parts and counts only whole: what is not in it is taken for lost.
import type { ServerReadableStream, handleClientStreamingCall } from "@grpc/grpc-js";
import type { ReportInventoryRequest, ReportInventoryResponse } from "@vstream/proto/agent.ts";
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { NodeRecord } from "../catalog/records.ts";
import type { ControlLoop } from "../control-loop/control-loop.ts";
import { after } from "./after.ts";
import { trackCall } from "./answered-call.ts";
import type { CallDeps, Surface } from "./answered-call.ts";
import * as check from "./wire/checks.ts";
import { inventoryFromWire } from "./wire/reports.ts";

/** Ten thousand hours in five-segment chunks, twice over. */
const pieceLimit = 3_000_000;
const inventoryLimitMs = 120_000;

interface Deps {
  readonly loop: Pick<ControlLoop, "reportInventory">;
  readonly calls: CallDeps;
  identify(surface: Surface): Promise<NodeRecord>;
}

export function receiveInventory(
  deps: Deps,
): handleClientStreamingCall<ReportInventoryRequest, ReportInventoryResponse> {
  return (call, callback) => {
    const tracked = trackCall(deps.calls, "reportInventory");
    const release = after(deps.calls.clock, inventoryLimitMs, () => {
      call.destroy(new VsError("timed_out", "the inventory did not come to its end in time"));
    });
    const act = async (): Promise<ReportInventoryResponse> => {
      const node = await deps.identify(call);
      const entries = await receive(call);
      return { unknownAssetIds: await deps.loop.reportInventory({ nodeId: node.id, entries }) };
    };
    act()
      .then(
        (response) => {
          tracked.end(null);
          callback(null, response);
        },
        (thrown: unknown) => {
          callback(tracked.end(call.cancelled ? new VsError("cancelled", "the inventory was not ended") : thrown));
        },
      )
      .finally(release);
  };
}

/** @throws when the stream breaks off before its end */
async function receive(
  call: ServerReadableStream<ReportInventoryRequest, ReportInventoryResponse>,
): Promise<{ assetId: AssetId; pieceIds: readonly PieceId[] }[]> {
  // An asset may be told in several parts; the whole list names it once.
  const held = new Map<AssetId, PieceId[]>();
  let pieces = 0;
  for await (const part of call as AsyncIterable<ReportInventoryRequest>) {
    for (const { assetId, pieceIds } of inventoryFromWire(part)) {
      pieces += pieceIds.length;
      if (pieces > pieceLimit) throw check.wrong("inventory", `has more than ${String(pieceLimit)} pieces`);
      const known = held.get(assetId) ?? [];
      held.set(assetId, known);
      for (const id of pieceIds) known.push(id);
    }
  }
  return [...held].map(([assetId, pieceIds]) => ({ assetId, pieceIds }));
}
