// What would even out how full the nodes are, as vsctl shows it.
import type { PreviewRebalanceResponse } from "@vstream/proto/admin.ts";
import type { AdminDeps } from "./admin-calls.ts";

export async function previewRebalance({ loop }: Pick<AdminDeps, "loop">): Promise<PreviewRebalanceResponse> {
  const { moves, ...preview } = await loop.previewRebalance();
  return {
    ...preview,
    moves: moves.map(({ assetId, title, from, to, bytes }) => ({
      assetId,
      title,
      fromNodeId: from,
      toNodeId: to,
      bytes,
    })),
  };
}
