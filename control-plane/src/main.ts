// vstream-control, from the command line: reads its configuration, opens the control plane, and keeps it until a
// signal. What goes wrong at the start is one line of JSON in the log and a plain sentence on standard error.
import "./small-heap.ts";
import { parseArgs } from "node:util";
import { setLogger } from "@grpc/grpc-js";
import { systemClock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import { runUntilSignal } from "@vstream/core/lifecycle.ts";
import { openLog } from "@vstream/core/log.ts";
import type { Logger } from "@vstream/core/log.ts";
import packageFile from "../package.json" with { type: "json" };
import { controlConfigSchema, loadControlConfig } from "./config.ts";
import { openControlPlane } from "./control-plane.ts";

const program = "vstream-control";

const usage = `vstream-control: the control plane of a vstream cluster

  --config FILE    the configuration, YAML; every key can also be set as VSTREAM_<KEY>
  --check-config   check the configuration, and end
  --version        print the version, and end
  --help           print this, and end

Keys: ${Object.keys(controlConfigSchema.shape).join(", ")}. Only dataDir has no default.
`;

async function main(args: readonly string[]): Promise<void> {
  const flags = readFlags(args);
  if (flags.help) process.stdout.write(usage);
  else if (flags.version) process.stdout.write(`${packageFile.version}\n`);
  else if (flags["check-config"]) checkConfig(flags.config);
  else await start(flags.config);
}

async function start(file: string | undefined): Promise<void> {
  const config = loadControlConfig(file, process.env);
  const { log } = openLog({ program, level: config.logLevel });
  setLogger(quietLogger(log));
  watchForBugs(log);
  const onFatal = (error: VsError): void => {
    log.fatal({ err: error }, "the catalog is lost");
    process.exit(error.exitCode);
  };
  const plane = await openControlPlane(config, { log, clock: systemClock, version: packageFile.version, onFatal });
  runUntilSignal(plane, log);
}

function checkConfig(file: string | undefined): void {
  loadControlConfig(file, process.env);
  process.stdout.write("the configuration is good\n");
}

function readFlags(args: readonly string[]): {
  config?: string;
  "check-config": boolean;
  version: boolean;
  help: boolean;
} {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: "string" },
        "check-config": { type: "boolean", default: false },
        version: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new VsError("usage", reason, { hint: "See: vstream-control --help", cause });
  }
}

// grpc-js would print to standard error; what matters of it is thrown as well.
function quietLogger(log: Logger): Partial<Console> {
  const tell = (...words: unknown[]): void => {
    log.debug({ words: words.map(String).join(" ") }, "grpc");
  };
  return { error: tell, info: tell, debug: tell };
}

// State after an error that nobody expected is not to be trusted: end, and be started again.
function watchForBugs(log: Logger): void {
  const end = (thrown: unknown): void => {
    log.fatal({ err: thrown }, "unexpected error");
    process.exit(1);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
}

try {
  await main(process.argv.slice(2));
} catch (thrown) {
  const error = asVsError(thrown);
  const { log } = openLog({ program, level: "fatal" });
  log.fatal({ code: error.code, err: error }, "start failed");
  process.stderr.write(`${program}: ${error.message}\n${error.hint === "" ? "" : `  ${error.hint}\n`}`);
  process.exit(error.exitCode);
}
