// A holder that gave wrong bytes hears of it, so that it looks at its own copy and heals it.
import { asVsError } from "@vstream/core/errors.ts";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Peers } from "./peers.ts";

const untilAnswered = new AbortController().signal;

/** Never throws and is not waited for: whoever wanted the bytes gets them elsewhere, and a scrub finds them too. */
export function tellHolder(
  deps: { readonly peers: Pick<Peers, "tellDamage">; readonly log: Logger },
  wrong: { readonly holder: NodeId; readonly sha256: Sha256 },
): void {
  const { holder, sha256 } = wrong;
  deps.log.warn({ nodeId: holder, sha256 }, "peer gave wrong bytes: it is told");
  deps.peers.tellDamage(holder, sha256, untilAnswered).catch((thrown: unknown) => {
    deps.log.debug({ nodeId: holder, sha256, reason: asVsError(thrown).message }, "peer not told of wrong bytes");
  });
}
