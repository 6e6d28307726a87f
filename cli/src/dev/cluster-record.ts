// What a local cluster consists of and which of its processes were started: D/cluster.json.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { VsError } from "@vstream/core/errors.ts";
import { z } from "zod";
import type { DevFolder } from "./dev-folder.ts";
import { controlName } from "./dev-folder.ts";

const processSchema = z.object({ pid: z.int(), startTime: z.string() }).nullable();

const recordSchema = z.object({
  version: z.literal(1),
  control: z.object({
    process: processSchema,
    /** host:port for vsctl, and for agents. */
    address: z.string(),
    agentAddress: z.string(),
    httpUrl: z.string(),
  }),
  nodes: z.array(
    z.object({
      process: processSchema,
      /** Empty until it has joined. */
      id: z.string(),
      name: z.string(),
      region: z.string(),
      playbackUrl: z.string(),
      dataDir: z.string(),
    }),
  ),
});

export type ClusterRecord = z.infer<typeof recordSchema>;
export type NodeOfRecord = ClusterRecord["nodes"][number];

/** None when there is no cluster in the folder. @throws VsError invalid_config when the record is not one */
export function readRecord(folder: DevFolder): ClusterRecord | undefined {
  let text: string;
  try {
    text = readFileSync(folder.recordFile, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new VsError("invalid_config", `cannot read ${folder.recordFile}`, { cause });
  }
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new VsError("invalid_config", `${folder.recordFile} is damaged`, {
      hint: `Remove ${folder.path} and start anew with: vsctl dev up`,
      cause,
    });
  }
}

/** @throws VsError not_found when there is no cluster in the folder */
export function requireRecord(folder: DevFolder): ClusterRecord {
  const record = readRecord(folder);
  if (record !== undefined) return record;
  throw new VsError("not_found", `there is no local cluster in ${folder.path}`, {
    hint: "Start one with: vsctl dev up. Or name its folder: --dir D",
  });
}

export function writeRecord(folder: DevFolder, record: ClusterRecord): void {
  const staged = `${folder.recordFile}.new`;
  writeFileSync(staged, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(staged, folder.recordFile);
}

/** The part of the record for `control` or a node. @throws VsError node_not_found */
export function programOf(record: ClusterRecord, name: string): ClusterRecord["control"] | NodeOfRecord {
  if (name === controlName) return record.control;
  const node = record.nodes.find((one) => one.name === name || (one.id !== "" && one.id === name));
  if (node !== undefined) return node;
  const names = [controlName, ...record.nodes.map((one) => one.name)];
  throw new VsError("node_not_found", `this cluster has no program "${name}"`, { hint: `It has: ${names.join(", ")}` });
}
