// How fast each node encodes, from the tasks that ended well: what a chunk costs (planning/encode-cost.ts) over the time
// from its lease to its report, so with everything that a slot does for it, fetching too. Kept in memory: after a restart
// nothing is known until the first chunks are done.
import type { NodeId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";

/** Of shorter chunks, most of the time goes into starting. */
const fewestFrames = 48;
/** What was measured before counts this much at each new chunk: ten of them make a new figure. */
const kept = 0.8;

interface Measured {
  readonly cost: number;
  readonly ms: number;
}

export interface Encode {
  readonly nodeId: NodeId;
  readonly costPerFrame: number;
  /** What it made. */
  readonly pieces: readonly Piece[];
  readonly ms: number;
}

export class EncodeSpeeds {
  readonly #measured = new Map<NodeId, Measured>();

  hear({ nodeId, costPerFrame, pieces, ms }: Encode): void {
    const frames = pieces.reduce((sum, { content }) => sum + (content.kind === "video" ? content.frames : 0), 0);
    if (frames < fewestFrames || ms <= 0) return;
    const before = this.#measured.get(nodeId) ?? { cost: 0, ms: 0 };
    this.#measured.set(nodeId, { cost: before.cost * kept + costPerFrame * frames, ms: before.ms * kept + ms });
  }

  /** Of each node that was measured, what one of its slots encodes a second. */
  all(): Map<NodeId, number> {
    return new Map([...this.#measured].map(([nodeId, { cost, ms }]) => [nodeId, (cost / ms) * 1000]));
  }
}
