// vstream-agent: reads its arguments and configuration, starts the agent and keeps it running until it is told to stop.
import "./roomy-heap.ts";
import { parseArgs } from "node:util";
import { systemClock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import { runUntilSignal } from "@vstream/core/lifecycle.ts";
import { openLog } from "@vstream/core/log.ts";
import type { Logger } from "@vstream/core/log.ts";
import { joinOnly, startAgent } from "./agent.ts";
import { configSchema, loadAgentConfig } from "./config.ts";
import type { AgentConfig } from "./config.ts";
import { agentVersion } from "./version.ts";

const usage = `vstream-agent [--config FILE] [--check-config] [--version]
vstream-agent join [https://HOST:PORT] [--token-file FILE] [--config FILE]   joins a cluster, then ends

The configuration is YAML; every key can also be given as a variable, dataDir as VSTREAM_DATA_DIR.
Keys: ${Object.keys(configSchema.shape).join(", ")}. Only dataDir and controlUrl have no default.
`;

const program = "vstream-agent";

interface Arguments {
  readonly act: "run" | "join" | "check" | "version" | "help";
  readonly file: string | undefined;
  /** What the command line adds to the environment. */
  readonly overrides: Readonly<Record<string, string>>;
}

await main();

async function main(): Promise<void> {
  let config: AgentConfig | null = null;
  try {
    const given = readArguments(process.argv.slice(2));
    if (given.act === "help" || given.act === "version") {
      process.stdout.write(given.act === "help" ? usage : `${agentVersion}\n`);
      return;
    }
    config = loadAgentConfig(given.file, { ...process.env, ...given.overrides });
    // Child processes inherit the environment; the token is nobody else's.
    delete process.env["VSTREAM_JOIN_TOKEN"];
    if (given.act === "check") process.stdout.write("the configuration is good\n");
    else await run(config, given.act);
  } catch (thrown) {
    endWith(asVsError(thrown), config);
  }
}

async function run(config: AgentConfig, act: "run" | "join"): Promise<void> {
  const { log, memory } = openLog({ program, level: config.logLevel });
  watchForBugs(log);
  const deps = { config, log, logMemory: memory, clock: systemClock };
  if (act === "join") {
    const nodeId = await joinOnly(deps);
    process.stdout.write(`joined as ${nodeId}\n`);
    return;
  }
  const agent = await startAgent(deps);
  runUntilSignal(agent, log);
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

function readArguments(args: string[]): Arguments {
  const { values, positionals } = parse(args);
  const { config } = values;
  const tokenFile = values["token-file"];
  const file = config ?? process.env["VSTREAM_CONFIG"];
  if (values.help === true) return { act: "help", file, overrides: {} };
  if (values.version === true) return { act: "version", file, overrides: {} };
  const [command, controlUrl, ...rest] = positionals;
  if (command === undefined && tokenFile === undefined) {
    return { act: values["check-config"] === true ? "check" : "run", file, overrides: {} };
  }
  if (command !== "join" || rest.length > 0) throw new VsError("usage", `usage:\n${usage}`);
  const overrides = {
    ...(controlUrl === undefined ? {} : { VSTREAM_CONTROL_URL: controlUrl }),
    ...(tokenFile === undefined ? {} : { VSTREAM_JOIN_TOKEN_FILE: tokenFile }),
  };
  return { act: "join", file, overrides };
}

function parse(args: string[]) {
  const options = {
    config: { type: "string", short: "c" },
    "token-file": { type: "string" },
    "check-config": { type: "boolean" },
    version: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  } as const;
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (cause) {
    throw new VsError("usage", cause instanceof Error ? cause.message : String(cause), { hint: usage, cause });
  }
}

// A line for the log's reader and a sentence for the person at the terminal.
function endWith(error: VsError, config: AgentConfig | null): never {
  const { log } = openLog({ program, level: config?.logLevel ?? "info" });
  log.fatal({ code: error.code, hint: error.hint, err: error.code === "internal" ? error : undefined }, error.message);
  process.stderr.write(`${program}: ${error.message}\n${error.hint === "" ? "" : `${error.hint}\n`}`);
  process.exit(error.exitCode);
}
