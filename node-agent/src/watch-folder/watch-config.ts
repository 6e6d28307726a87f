// What an operator says of the folders that the agent watches for sources.
import { resolve, sep } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import { z } from "zod";

/** More would be looked at too seldom. */
const mostFolders = 32;

const watchedFolder = z.strictObject({
  folder: z
    .string()
    .min(1)
    .transform((path) => resolve(path)),
  /** That its files are encoded into; empty: the default one. */
  ladder: z.string().max(63).default(""),
  labels: z.record(z.string().min(1).max(63), z.string().max(256)).default({}),
  /** How long a file must have been left alone before it is taken. */
  settleSeconds: z.number().min(1).max(3600).default(10),
});

export type WatchedFolder = z.infer<typeof watchedFolder>;

export const watchSchema = z.array(watchedFolder).max(mostFolders).default([]);

/** @throws VsError invalid_config for a folder that is named twice, or lies where the agent keeps its own files */
export function assertApart({ watch, dataDir }: { watch: readonly WatchedFolder[]; dataDir: string }): void {
  const folders = watch.map(({ folder }) => folder);
  const twice = folders.find((folder, index) => folders.indexOf(folder) !== index);
  if (twice !== undefined) throw wrong(`watch: ${twice} is named twice`);
  const own = folders.find((folder) => `${folder}${sep}`.startsWith(`${dataDir}${sep}`));
  if (own !== undefined) throw wrong(`watch: ${own} lies in dataDir, which is the agent's own`);
}

function wrong(message: string): VsError {
  return new VsError("invalid_config", message, { hint: "Name each folder once, and none of the agent's own" });
}
