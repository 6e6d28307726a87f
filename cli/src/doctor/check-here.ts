// What can be wrong on the machine that vsctl runs on.
import { statSync } from "node:fs";
import { fine, problem } from "./findings.ts";
import type { Finding } from "./findings.ts";

const wantedMajor = 24;

/** @param configFile none when the cluster is named by the environment */
export function checkHere(configFile: string | undefined): Finding[] {
  return [checkNode(process.versions.node), ...(configFile === undefined ? [] : checkConfigFile(configFile))];
}

function checkNode(version: string): Finding {
  const ok = Number.parseInt(version, 10) >= wantedMajor;
  return ok
    ? fine("Node", `version ${version}`)
    : problem("Node", `version ${version}`, `Install ${wantedMajor} or later`);
}

function checkConfigFile(path: string): Finding[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  const open = (stats.mode & 0o077) !== 0;
  if (!open) return [fine("configuration", `${path} is readable by its owner only`)];
  return [problem("configuration", `others can read the token in ${path}`, `Make it your own: chmod 600 ${path}`)];
}
