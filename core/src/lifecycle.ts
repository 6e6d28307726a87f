// The life of a program: what is started is stopped in the opposite order, once, on SIGTERM or SIGINT.
import type { Logger } from "./log.ts";

/** How long a graceful stop may take before the program ends all the same. */
export const stopLimitMs = 20_000;

/**
 * Keeps a program running until it is told to stop, then disposes of its parts and ends.
 * A second signal ends it at once.
 */
export function runUntilSignal(parts: AsyncDisposable, log: Logger): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(130);
    stopping = true;
    log.info({ signal }, "stopping");
    const limit = setTimeout(() => {
      log.error({ limitMs: stopLimitMs }, "stop took too long");
      process.exit(1);
    }, stopLimitMs);
    limit.unref();
    parts[Symbol.asyncDispose]().then(
      () => {
        log.info("stopped");
        process.exit(0);
      },
      (cause: unknown) => {
        log.error({ err: cause }, "stop failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
