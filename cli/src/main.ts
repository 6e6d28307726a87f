// vsctl from its words to its exit code. Loads the one command that runs, and nothing more.
import { VsError, asVsError } from "@vstream/core/errors.ts";
import { listenForInterruption } from "./interruption.ts";
import { explainThrown, reportError } from "./report-error.ts";
import { resolveCommand } from "./resolve-command.ts";

/** Runs a command line and ends the process. */
export async function main(argv: readonly string[], version: string): Promise<never> {
  quietenClosedPipes();
  const exitCode = await run(argv, version);
  // What was written must have left before the end: pipes may take it later.
  await new Promise<void>((resolve) =>
    process.stdout.write("", () => {
      resolve();
    }),
  );
  process.exit(exitCode);
}

async function run(argv: readonly string[], version: string): Promise<number> {
  const json = has(argv, "--json");
  if (has(argv, "--no-color")) forbidColours();
  const signal = listenForInterruption();
  const asked: { commandId: string | undefined } = { commandId: undefined };
  try {
    const resolved = resolveCommand(argv);
    const asksForHelp = has(argv, "--help") || (resolved.kind === "topic" && !json);
    if (asksForHelp) {
      const { showHelp } = await import("./show-help.ts");
      await showHelp(resolved.kind === "topic" ? resolved.topic : resolved.entry.id, { version, signal });
      return 0;
    }
    if (resolved.kind === "topic") throw new VsError("usage", "a command is missing", { hint: "See: vsctl --help" });
    asked.commandId = resolved.entry.id;
    const [Command, { VsctlConfig }] = await Promise.all([resolved.entry.load(), import("./vsctl-config.ts")]);
    await new Command(resolved.rest, new VsctlConfig({ version, signal })).execute();
    return Number(process.exitCode ?? 0);
  } catch (thrown) {
    const error = signal.aborted ? interruptionOf(thrown, signal) : await explainThrown(thrown, asked);
    const oneLine = has(argv, "--follow") || has(argv, "--watch");
    return reportError(error, { json, oneLine });
  }
}

// A command may have more to say about its interruption than that there was one.
function interruptionOf(thrown: unknown, signal: AbortSignal): VsError {
  return thrown instanceof VsError && thrown.code === "interrupted" ? thrown : asVsError(signal.reason);
}

function has(argv: readonly string[], flag: string): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? undefined : end).includes(flag);
}

function forbidColours(): void {
  process.env["NO_COLOR"] = "1";
  delete process.env["FORCE_COLOR"];
}

// Who reads may go away early, as `head` does: that ends a command, and is no error.
function quietenClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
}
