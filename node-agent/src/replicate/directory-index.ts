// Looks nodes up in a directory without walking it: each directory is walked once, when it is asked for the first time.
// A directory is never changed, only replaced by another one.
import type { NodeId } from "@vstream/core/ids.ts";
import type { NodeAddress } from "@vstream/core/media.ts";

interface DirectoryIndex {
  readonly byId: ReadonlyMap<NodeId, NodeAddress>;
  readonly serving: readonly NodeAddress[];
}

const indexes = new WeakMap<readonly NodeAddress[], DirectoryIndex>();

export function nodeIn(directory: readonly NodeAddress[], nodeId: NodeId): NodeAddress | undefined {
  return indexOf(directory).byId.get(nodeId);
}

/** Those that serve viewers, in the directory's order. */
export function servingIn(directory: readonly NodeAddress[]): readonly NodeAddress[] {
  return indexOf(directory).serving;
}

function indexOf(directory: readonly NodeAddress[]): DirectoryIndex {
  let index = indexes.get(directory);
  if (index === undefined) {
    const byId = new Map(directory.map((node) => [node.nodeId, node]));
    index = { byId, serving: [...byId.values()].filter((node) => node.serving) };
    indexes.set(directory, index);
  }
  return index;
}
