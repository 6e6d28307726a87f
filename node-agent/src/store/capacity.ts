// How much of its disk a node offers when its operator has not said.
import { mkdir, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { VsError } from "@vstream/core/errors.ts";
import { diskFailure } from "./disk-failure.ts";
import { DiskLayout } from "./disk-layout.ts";
import { readIfThere, writeDurably } from "./durable-file.ts";
import { FolderSync } from "./folder-sync.ts";

const share = 0.9;
const shape = z.object({ capacityBytes: z.int().positive() });

/**
 * 90 % of what was free at the node's first start; the same figure at each later one, for by then the store itself
 * has filled some of it. To be called before the store is opened.
 * @throws VsError data_folder_unusable, storage_full
 */
export async function defaultCapacity(dataDir: string): Promise<number> {
  try {
    return await rememberedCapacity(new DiskLayout(dataDir));
  } catch (thrown) {
    const failure = diskFailure(thrown, "look at the disk");
    if (failure.code === "storage_full") throw failure;
    throw new VsError("data_folder_unusable", `cannot use the data folder ${dataDir}: ${failure.message}`, {
      hint: "Make the folder writable for the agent, or set dataDir to another one",
      cause: thrown,
    });
  }
}

async function rememberedCapacity(layout: DiskLayout): Promise<number> {
  await mkdir(layout.documents, { recursive: true });
  const path = layout.document("capacity");
  const known = shape.safeParse(parsed(await readIfThere(path)));
  if (known.success) return known.data.capacityBytes;
  const disk = await statfs(layout.documents);
  const capacityBytes = Math.max(1, Math.floor(disk.bavail * disk.bsize * share));
  await writeDurably({ path, bytes: JSON.stringify({ capacityBytes }), staging: dirname(path) }, new FolderSync());
  return capacityBytes;
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
