// What a cluster must not leave behind: encoders without an agent, and files that nothing names.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterState } from "./cluster.ts";

/** What is looked at of a cluster. */
export interface Inspected {
  readonly folder: string;
  readonly state: Pick<ClusterState, "nodes">;
}

/** Command lines of ffmpeg processes that work inside the cluster's folder. */
export async function encodersOf(cluster: Inspected): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const words = commandLine.split("\0");
    if (/ff(mpeg|probe)$/.test(words[0] ?? "") && commandLine.includes(cluster.folder)) found.push(words.join(" "));
  }
  return found;
}

/** Files in the folders that must be empty when nothing is going on, on every node. */
export async function strayFiles(cluster: Inspected): Promise<string[]> {
  const folders = cluster.state.nodes.flatMap((node) =>
    ["scratch", "staging", "uploads", "fetches"].map((name) => join(node.dataDir, name)),
  );
  return (await Promise.all(folders.map(filesBelow))).flat();
}

/** Hashes of all objects that a node's store holds. */
export async function storedObjects(dataDir: string): Promise<string[]> {
  return (await filesBelow(join(dataDir, "objects"))).map((path) => path.split("/").at(-1) ?? "").sort();
}

/** Hashes that a node's piece records name. */
export async function namedObjects(dataDir: string): Promise<string[]> {
  const records = await filesBelow(join(dataDir, "pieces"));
  const texts = await Promise.all(records.map((path) => readFile(path, "utf8")));
  return [...new Set(texts.flatMap((text) => text.match(/\b[0-9a-f]{64}\b/g) ?? []))].sort();
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
