// `npm run demo`: a whole cluster on loopback, one real clip through it, and the URLs to watch it at.
// With --exit everything stops again after the clip was fetched back from every node and decoded. With --chaos nodes
// are killed and healed meanwhile; see chaos.ts.
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { showChaos } from "./chaos.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const vsctl = join(root, "dist", "bin", "vsctl");

interface Ingested {
  readonly asset: { readonly id: string; readonly title: string };
  readonly playback: { readonly watch: readonly string[]; readonly hls: readonly string[] };
}

await main();

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { exit: { type: "boolean", default: false }, chaos: { type: "boolean", default: false } },
  });
  const source = resolve(
    process.env["VSTREAM_CALLED_FROM"] ?? ".",
    positionals[0] ?? join(root, "test", "media", "bbb-480p-30s.mp4"),
  );
  const interrupted = nextInterrupt();
  if (values.chaos) {
    const code = await showChaos({ source, stopAfter: values.exit, interrupted });
    // What was under way when it was interrupted is not waited for.
    process.exit(code);
  }
  const folder = await mkdtemp(join(tmpdir(), "vstream-demo-"));
  try {
    process.exitCode = await show({ source, folder, stopAfter: values.exit, interrupted });
  } finally {
    say("stopping the cluster");
    await run(["dev", "down", "--dir", folder]);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Showing {
  readonly source: string;
  readonly folder: string;
  readonly stopAfter: boolean;
  readonly interrupted: Promise<void>;
}

async function show({ source, folder, stopAfter, interrupted }: Showing): Promise<number> {
  say("starting a control plane and three agents in two regions");
  const up = await run(["dev", "up", "--dir", folder, "--nodes", "3", "--regions", "eu,eu,us"]);
  if (up.code !== 0) return up.code;
  say(`ingesting ${source}`);
  const ingest = await Promise.race([
    run(["ingest", source, "--json", "--config", join(folder, "vsctl.json")]),
    interrupted,
  ]);
  if (ingest === undefined) return 130;
  if (ingest.code !== 0) {
    process.stderr.write(ingest.output);
    return ingest.code;
  }
  const { asset, playback } = JSON.parse(ingest.output) as Ingested;
  printUrls(asset.title, playback);
  if (stopAfter) return playback.hls.every(decodes) ? 0 : 1;
  say(`for vsctl in another terminal:  export VSCTL_CONFIG=${join(folder, "vsctl.json")}`);
  say("up until Ctrl-C");
  await interrupted;
  return 0;
}

function printUrls(title: string, playback: Ingested["playback"]): void {
  const lines = [`${title} is ready`, "  watch it at", ...playback.watch.map((url) => `    ${url}`), "  HLS"];
  process.stdout.write([...lines, ...playback.hls.map((url) => `    ${url}`), ""].join("\n"));
}

function decodes(url: string): boolean {
  const probe = spawnSync(
    "ffprobe",
    [
      "-v",
      "error",
      "-count_frames",
      "-select_streams",
      "v:0",
      "-show_entries",
      "stream=nb_read_frames",
      "-of",
      "csv=p=0",
      // ffmpeg knows no pathways, and would read those of every node.
      `${url}?pathways=one`,
    ],
    { encoding: "utf8", timeout: 120_000 },
  );
  const frames = Number.parseInt(probe.stdout, 10);
  const good = probe.status === 0 && frames > 0 && probe.stderr === "";
  say(good ? `fetched and decoded ${frames} frames from ${url}` : `could not decode ${url}: ${probe.stderr}`);
  return good;
}

/** vsctl with its progress on this terminal; gives its exit code and what it wrote to standard output. */
async function run(args: readonly string[]): Promise<{ code: number; output: string }> {
  return await new Promise((settle) => {
    // A group of its own: Ctrl-C reaches this script alone, which then stops the cluster in order.
    const child = spawn(process.execPath, [vsctl, ...args], { stdio: ["ignore", "pipe", "inherit"], detached: true });
    let output = "";
    child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString()));
    child.once("close", (code) => {
      settle({ code: code ?? 1, output });
    });
  });
}

async function nextInterrupt(): Promise<void> {
  await new Promise<void>((settle) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => {
        settle();
      });
  });
}

function say(text: string): void {
  process.stderr.write(`· ${text}\n`);
}
