// The first thing that runs in a bare clone, on whatever Node the host has: plain JavaScript, no packages.
// It installs what is missing (packages, Node 24, ffmpeg, for tests Chromium), builds, and hands over to Node 24.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tasks = {
  build: { script: undefined, programs: [] },
  demo: { script: "setup/demo.ts", programs: ["ffmpeg"] },
  test: { script: "setup/test.ts", programs: ["ffmpeg", "chromium", "mpv"] },
  "test:cluster": { script: "setup/test-cluster.ts", programs: ["ffmpeg", "ip"] },
  bench: { script: "test/bench/bench.ts", programs: ["ffmpeg", "ip", "curl"] },
};
// Debian's packages, where they are not called like the program.
const packages = { ip: "iproute2" };

const [name = "", ...args] = process.argv.slice(2);
const task = tasks[name];
if (task === undefined) fail(`unknown task "${name}"; there are: ${Object.keys(tasks).join(", ")}`, 2);

installPackages();
process.env.PATH = join(root, "node_modules", ".bin") + delimiter + process.env.PATH;
installPrograms(task.programs);
step("building", "node", ["setup/build.ts"]);
if (task.script !== undefined) handOver(task.script, args);

function installPackages() {
  const installed = join(root, "node_modules", ".package-lock.json");
  const lock = join(root, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  // Not "npm ci": it demands that the lockfile lists binaries of platforms that a registry may not offer.
  // npm's engine warnings are about the host's Node; what runs afterwards is the Node that is installed here.
  step("installing packages (Node 24 among them)", "npm", [
    "install",
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ]);
}

function installPrograms(programs) {
  const missing = programs.filter((program) => !onPath(program));
  if (missing.length === 0) return;
  const wanted = missing.map((program) => packages[program] ?? program);
  const command = `apt-get install -y --no-install-recommends ${wanted.join(" ")}`;
  if (process.getuid?.() !== 0 || !onPath("apt-get")) {
    fail(`${missing.join(" and ")} missing. Install with:\n  sudo ${command}`, 1);
  }
  const quiet = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  step("updating Debian's package lists", "apt-get", ["update", "-qq"], quiet);
  step(`installing ${wanted.join(", ")}`, "apt-get", [...command.split(" ").slice(1), "-qq"], quiet);
}

function onPath(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

function step(what, program, programArgs, options = {}) {
  process.stderr.write(`· ${what}\n`);
  const result = spawnSync(program, programArgs, { cwd: root, encoding: "utf8", maxBuffer: 64 * 2 ** 20, ...options });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}`);
  fail(
    `${what} failed (${[program, ...programArgs].join(" ")}): ${result.error?.message ?? `exit ${result.status}`}`,
    1,
  );
}

function handOver(script, scriptArgs) {
  const child = spawn("node", [join(root, script), ...scriptArgs], {
    stdio: "inherit",
    env: { ...process.env, VSTREAM_CALLED_FROM: process.env.INIT_CWD ?? process.cwd() },
  });
  // The terminal sends Ctrl-C to the whole group; the child decides when this ends.
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => signal === "SIGTERM" && child.kill(signal));
  }
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}

function fail(message, code) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
