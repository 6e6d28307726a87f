// The nodes that a player may turn to for an asset, best first: the one it talks to, the asset's other homes, then
// the rest, for any agent answers for any asset.
import type { NodeId } from "@vstream/core/ids.ts";
import type { Manifest, NodeAddress } from "@vstream/core/media.ts";

const homesLimit = 8;

export interface Home {
  readonly nodeId: NodeId;
  readonly name: string;
  readonly region: string;
  /** Playback URL, without a slash at its end. */
  readonly url: string;
}

/**
 * @param self left out once the control plane says that it serves no more, as long as another node does
 */
export function homesOf(manifest: Manifest, self: Home, directory: readonly NodeAddress[]): Home[] {
  const serving = new Map(directory.filter(isReachable).map((node) => [node.nodeId, homeFrom(node)]));
  const ownEntry = directory.find((node) => node.nodeId === self.nodeId);
  serving.delete(self.nodeId);
  const homes = manifest.homeNodeIds.flatMap((nodeId) => serving.get(nodeId) ?? []);
  const others = [...serving.values()].filter((home) => !homes.includes(home));
  const leaving = ownEntry?.serving === false && serving.size > 0;
  return [...(leaving ? [] : [self]), ...homes, ...others].slice(0, homesLimit);
}

// The URLs go into a page: anything but plain web addresses stays out.
function isReachable(node: NodeAddress): boolean {
  return node.serving && /^https?:\/\//.test(node.playbackUrl);
}

function homeFrom(node: NodeAddress): Home {
  const { nodeId, name, region } = node;
  return { nodeId, name, region, url: node.playbackUrl.replace(/\/+$/, "") };
}
