// Bundles vsctl: OUT/vsctl.js, which any Node from 20 on can start, and OUT/vsctl-main.cjs, all the rest in one file.
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import type { Plugin } from "esbuild";

/** @param options.outDir folder that the files are written to */
export async function buildCli({ outDir }: { readonly outDir: string }): Promise<void> {
  const here = import.meta.dirname;
  const { version } = JSON.parse(await readFile(join(here, "package.json"), "utf8")) as { version: string };
  await Promise.all([buildLauncher(here, { outDir, version }), buildMain(here, outDir)]);
}

async function buildLauncher(here: string, { outDir, version }: { outDir: string; version: string }): Promise<void> {
  const outfile = join(outDir, "vsctl.js");
  await build({
    entryPoints: [join(here, "bin/vsctl")],
    loader: { "": "js" },
    outfile,
    platform: "node",
    target: "node20",
    format: "esm",
    define: { "globalThis.vsctlVersion": JSON.stringify(version) },
  });
  await chmod(outfile, 0o755);
}

// CommonJS: its parts are run when they are first needed, and Node starts it sooner than a module.
async function buildMain(here: string, outDir: string): Promise<void> {
  await build({
    entryPoints: [join(here, "src/main.ts")],
    outfile: join(outDir, "vsctl-main.cjs"),
    bundle: true,
    minifySyntax: true,
    minifyWhitespace: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    define: { "import.meta.dirname": "__dirname" },
    plugins: [withoutPluginSearch],
  });
}

// oclif loads these at once to look for plugins on the disk, to compile them, and to know a host system of Windows.
// There are no plugins, and vsctl-config.ts asks for none of it.
const withoutPluginSearch: Plugin = {
  name: "without-plugin-search",
  setup(setup) {
    setup.onResolve({ filter: /^(tinyglobby|minimatch|typescript|lilconfig|wsl-utils)$/ }, ({ path }) => ({
      path,
      namespace: "absent",
    }));
    setup.onLoad({ filter: /.*/, namespace: "absent" }, () => ({ contents: "module.exports = {};" }));
  },
};
