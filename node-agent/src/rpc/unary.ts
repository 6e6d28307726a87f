// One question, one answer over gRPC, as a promise with a deadline and an abort signal.
import { Metadata } from "@grpc/grpc-js";
import type { CallOptions, ClientUnaryCall, ServiceError } from "@grpc/grpc-js";
import { callDeadlineMs, fromServiceError } from "@vstream/core/grpc.ts";

type Done<Response> = (error: ServiceError | null, response: Response) => void;
export type Invoke<Response> = (
  metadata: Metadata,
  options: Partial<CallOptions>,
  done: Done<Response>,
) => ClientUnaryCall;

/** @throws VsError what the service said, or unavailable, timed_out; the signal's reason when aborted */
export async function unary<Response>(
  invoke: Invoke<Response>,
  signal: AbortSignal,
  deadlineMs = callDeadlineMs,
): Promise<Response> {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    // A deadline of gRPC is an instant of the wall clock.
    const call = invoke(new Metadata(), { deadline: Date.now() + deadlineMs }, (error, response) => {
      signal.removeEventListener("abort", abort);
      if (signal.aborted) reject(asError(signal.reason));
      else if (error !== null) reject(fromServiceError(error));
      else resolve(response);
    });
    const abort = (): void => {
      call.cancel();
    };
    signal.addEventListener("abort", abort, { once: true });
  });
}

export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
