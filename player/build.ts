// Builds the player page: one script and one style sheet under names that carry their hash, and the page that names
// them. The agent serves the folder, and fills in the title and the homes.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import player from "./package.json" with { type: "json" };

const source = join(import.meta.dirname, "src");

export interface BuiltPlayer {
  readonly script: string;
  readonly style: string;
  readonly page: string;
  readonly version: string;
}

/** Empties and fills the folder; gives the names of what lies in it, as player.json does. */
export async function buildPlayer(options: { outDir: string; minify?: boolean }): Promise<BuiltPlayer> {
  const { outDir, minify = true } = options;
  const { version } = player;
  await rm(outDir, { recursive: true, force: true });
  await mkdir(outDir, { recursive: true });
  const { outputFiles } = await build({
    entryPoints: [join(source, "watch.ts"), join(source, "watch.css")],
    outdir: outDir,
    entryNames: "[name]-[hash]",
    bundle: true,
    minify,
    format: "esm",
    target: "es2022",
    define: { playerVersion: JSON.stringify(version) },
    write: false,
    logLevel: "warning",
  });
  for (const file of outputFiles) await writeFile(file.path, file.contents);
  const named = (ending: string): string => {
    const found = outputFiles.find((file) => file.path.endsWith(ending));
    if (found === undefined) throw new Error(`the build gave no ${ending}`);
    return basename(found.path);
  };
  const names = { script: named(".js"), style: named(".css") };
  const template = await readFile(join(source, "watch.html"), "utf8");
  const page = template.replaceAll(/\[\[(script|style)\]\]/g, (_mark, name: "script" | "style") => names[name]);
  await writeFile(join(outDir, "watch.html"), page);
  // The bundle holds hls.js, whose licence goes with it.
  const hls = dirname(dirname(fileURLToPath(import.meta.resolve("hls.js"))));
  await copyFile(join(hls, "LICENSE"), join(outDir, "hls-license.txt"));
  const built = { ...names, page: "watch.html", version };
  await writeFile(join(outDir, "player.json"), `${JSON.stringify(built)}\n`);
  return built;
}
