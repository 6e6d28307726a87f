// Failures: proto ↔ domain. A code that this program does not know (a newer agent's) counts as internal.
import { errorKinds, isErrorCode } from "@vstream/core/errors.ts";
import type { Failure } from "@vstream/core/errors.ts";
import type { Failure as WireFailure } from "@vstream/proto/types.ts";

const limits = { message: 2_000, hint: 1_000 };

export function failureToWire(failure: Failure): WireFailure {
  return { ...failure, retryable: errorKinds[failure.code].retryable };
}

/** Texts that are too long are cut, not refused: a failure is always worth hearing. */
export function failureFromWire(wire: WireFailure): Failure {
  return {
    code: isErrorCode(wire.code) ? wire.code : "internal",
    message: wire.message.slice(0, limits.message),
    hint: wire.hint.slice(0, limits.hint),
  };
}
