// The one way that a stream of answers is given: like a single call, and never faster than it is read. A reader that
// stops reading is cut, so that nothing piles up for it.
import type { ServerWritableStream, handleServerStreamingCall } from "@grpc/grpc-js";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { after } from "./after.ts";
import { statusError, trackCall } from "./answered-call.ts";
import type { CallContext, CallDeps, Surface } from "./answered-call.ts";
import { resetCall } from "./reset-call.ts";

/** How many watches there may be at once, over all callers. */
export const watchLimit = 500;
/** How long a reader may leave what was sent to it. */
export const unreadLimitMs = 30_000;
/** How often it is asked again whether the caller may watch: tokens are revoked. */
const identifyEveryMs = 10_000;

export interface StreamSpec<Caller, Request, Response> {
  readonly name: string;
  identify(surface: Surface): Promise<Caller>;
  answer(request: Request, context: CallContext<Caller>): AsyncIterable<Response>;
}

export interface StreamDeps extends CallDeps {
  /** Open watches, counted by the one who gives this. */
  readonly watches: { open: number };
}

export function answeredStream<Caller, Request, Response>(
  deps: StreamDeps,
  spec: StreamSpec<Caller, Request, Response>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const tracked = trackCall(deps, spec.name);
    const gone = new AbortController();
    call.once("cancelled", () => {
      gone.abort(new VsError("cancelled", "the caller went away"));
    });
    deps.watches.open += 1;
    const signal = AbortSignal.any([gone.signal, deps.stopping]);
    const act = async (): Promise<void> => {
      if (deps.watches.open > watchLimit) throw tooMany();
      const caller = await spec.identify(call);
      await copy({ call, deps, spec, context: { caller, signal, log: tracked.log } });
    };
    act()
      .then(
        () => {
          tracked.end(null);
          call.end();
        },
        (thrown: unknown) => {
          const told = tracked.end(signal.aborted ? signal.reason : thrown);
          if (thrown instanceof UnreadError) resetCall(call);
          else if (!call.destroyed) call.emit("error", statusError(told));
        },
      )
      .finally(() => {
        deps.watches.open -= 1;
      });
  };
}

class UnreadError extends VsError {}

async function copy<Caller, Request, Response>(parts: {
  call: ServerWritableStream<Request, Response>;
  deps: StreamDeps;
  spec: StreamSpec<Caller, Request, Response>;
  context: CallContext<Caller>;
}): Promise<void> {
  const { call, deps, spec, context } = parts;
  let identifiedMs = deps.clock.monotonicMs();
  for await (const response of spec.answer(call.request, context)) {
    context.signal.throwIfAborted();
    if (deps.clock.monotonicMs() - identifiedMs > identifyEveryMs) {
      await spec.identify(call);
      identifiedMs = deps.clock.monotonicMs();
    }
    if (!call.write(response)) await drained(call, deps.clock, context.signal);
  }
}

async function drained(call: ServerWritableStream<unknown, unknown>, clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const abort = (): void => {
    reject(signal.reason as Error);
  };
  const release = after(clock, unreadLimitMs, () => {
    reject(new UnreadError("timed_out", "the caller does not read what it is sent"));
  });
  const drain = (): void => {
    resolve(undefined);
  };
  call.once("drain", drain);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await promise;
  } finally {
    release();
    call.off("drain", drain);
    signal.removeEventListener("abort", abort);
  }
}

function tooMany(): VsError {
  return new VsError("unavailable", `more than ${String(watchLimit)} watches are open`, { hint: "Try again later" });
}
