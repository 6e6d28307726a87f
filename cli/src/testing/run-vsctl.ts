// Runs vsctl as people do, in a process of its own.
import { spawn } from "node:child_process";
import { join } from "node:path";

export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Over the environment of the tests, without what would name a cluster. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What comes from its standard input; else nothing is there. */
  readonly input?: Uint8Array;
  /** Standard output has a letter for each byte. */
  readonly binary?: boolean;
  /** The Node that starts it; else that of the tests. */
  readonly node?: string;
  /** Called with all of standard error whenever some arrives. */
  readonly onStderr?: (text: string, interrupt: () => void) => void;
}

const launcher = join(import.meta.dirname, "../../bin/vsctl");

export async function runVsctl(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VSCTL_|FORCE_COLOR|DEBUG$)/.test(name));
  const child = spawn(options.node ?? process.execPath, [launcher, ...args], {
    env: { ...Object.fromEntries(inherited), ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  // One that ends before it has read all of it is no fault of a test.
  child.stdin.on("error", () => undefined).end(options.input);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding(options.binary === true ? "latin1" : "utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    options.onStderr?.(stderr, () => child.kill("SIGINT"));
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  return { exitCode, stdout, stderr };
}
