// The one way that a single call is answered: who calls, within which time, what went wrong, one line of log. What an
// answer throws reaches the caller as a code with a hint, and nothing else does.
import { randomBytes } from "node:crypto";
import { Metadata, status } from "@grpc/grpc-js";
import type { ServerUnaryCall, ServiceError, StatusObject, handleUnaryCall } from "@grpc/grpc-js";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import { callDeadlineMs, toStatus } from "@vstream/core/grpc.ts";
import type { Logger } from "@vstream/core/log.ts";
import { after } from "./after.ts";

/** What every call has, before it is known who makes it. */
export interface Surface {
  readonly metadata: Metadata;
  getPeer(): string;
  getAuthContext(): { sslPeerCertificate?: { subjectaltname?: string } };
}

export interface CallContext<Caller> {
  readonly caller: Caller;
  /** Aborted when the caller has gone; a single call's at its deadline, a stream's when the program stops. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export interface CallDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted, with a VsError, when the program stops: streams end, and single calls are still answered. */
  readonly stopping: AbortSignal;
  observe(call: { name: string; code: string; ms: number }): void;
}

export interface CallSpec<Caller, Request, Response> {
  readonly name: string;
  /** @throws VsError when the caller may not make this call */
  identify(surface: Surface): Promise<Caller>;
  answer(request: Request, context: CallContext<Caller>): Promise<Response>;
}

export function answeredCall<Caller, Request, Response>(
  deps: CallDeps,
  spec: CallSpec<Caller, Request, Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const tracked = trackCall(deps, spec.name);
    const { signal, release } = signalOf(call, deps.clock);
    const act = async (): Promise<Response> => {
      const caller = await spec.identify(call);
      return await spec.answer(call.request, { caller, signal, log: tracked.log });
    };
    orAborted(act(), signal)
      .then(
        (response) => {
          tracked.end(null);
          callback(null, response);
        },
        (thrown: unknown) => {
          callback(tracked.end(thrown));
        },
      )
      .finally(release);
  };
}

export interface TrackedCall {
  readonly log: Logger;
  /** Logs and counts the call's end, once; for an error, gives what the caller is told. */
  end(thrown: unknown): Partial<StatusObject>;
}

export function trackCall(deps: CallDeps, name: string): TrackedCall {
  const requestId = randomBytes(8).toString("hex");
  const log = deps.log.child({ call: name, requestId });
  const startedMs = deps.clock.monotonicMs();
  return {
    log,
    end(thrown) {
      const ms = Math.round(deps.clock.monotonicMs() - startedMs);
      if (thrown === null) {
        deps.observe({ name, code: "ok", ms });
        log.debug({ ms }, "call answered");
        return { code: status.OK };
      }
      const error = asVsError(thrown);
      deps.observe({ name, code: error.code, ms });
      logFailure(log, error, ms);
      const told = toStatus(error);
      told.metadata?.set("vstream-request-id", requestId);
      return told;
    },
  };
}

function logFailure(log: Logger, error: VsError, ms: number): void {
  const facts = { code: error.code, ms };
  if (error.code === "internal") log.error({ ...facts, err: error }, "call failed");
  else if (error.exitCode === 4) log.warn({ ...facts, reason: error.message }, "call refused");
  else log.debug({ ...facts, reason: error.message }, "call answered with an error");
}

/** The host of a caller, without the port: what tries are counted by. */
export function addressOf(surface: Surface): string {
  return surface.getPeer().replace(/:\d+$/, "");
}

function signalOf(call: ServerUnaryCall<unknown, unknown>, clock: Clock): { signal: AbortSignal; release: () => void } {
  const gone = new AbortController();
  call.once("cancelled", () => {
    gone.abort(new VsError("cancelled", "the caller went away"));
  });
  const release = after(clock, callDeadlineMs, () => {
    gone.abort(new VsError("timed_out", "the call was not answered in time", { hint: "Try again" }));
  });
  return { signal: gone.signal, release };
}

async function orAborted<Result>(act: Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    reject(asVsError(signal.reason));
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([act, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** For grpc-js's streams, which take a status as an error that is emitted. */
export function statusError(told: Partial<StatusObject>): ServiceError {
  return Object.assign(new Error(told.details ?? ""), {
    code: told.code ?? status.UNKNOWN,
    details: told.details ?? "",
    metadata: told.metadata ?? new Metadata(),
  });
}
