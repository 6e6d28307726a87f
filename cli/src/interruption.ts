// Ctrl-C and SIGTERM as one AbortSignal: what is waited for ends with `interrupted`, and a second one ends at once.
import { VsError, errorKinds } from "@vstream/core/errors.ts";

// One Ctrl-C can arrive twice: from the terminal, and passed on by the program that started this one.
const sameSignalMs = 500;
// What does not listen to the signal does not keep its user waiting.
const patienceMs = 3_000;

/** From now on signals abort what is returned instead of ending the process. */
export function listenForInterruption(): AbortSignal {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const interrupt = (): void => {
    if (firstAt !== undefined) {
      if (performance.now() - firstAt > sameSignalMs) process.exit(errorKinds.interrupted.exitCode);
      return;
    }
    firstAt = performance.now();
    setTimeout(() => process.exit(errorKinds.interrupted.exitCode), patienceMs).unref();
    controller.abort(new VsError("interrupted", "interrupted"));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);
  return controller.signal;
}
