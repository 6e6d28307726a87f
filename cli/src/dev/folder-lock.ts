// One vsctl at a time changes what runs in a folder.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { VsError } from "@vstream/core/errors.ts";
import type { DevFolder } from "./dev-folder.ts";
import { identify, isRunning } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";

/** @throws VsError conflict when another vsctl is at it */
export function lockFolder(folder: DevFolder): Disposable {
  mkdirSync(folder.path, { recursive: true, mode: 0o700 });
  const own = JSON.stringify(identify(process.pid));
  if (!tryLock(folder, own)) {
    const owner = readOwner(folder);
    if (owner !== undefined && isRunning(owner)) {
      throw new VsError("conflict", `another vsctl (process ${owner.pid}) is changing the cluster in ${folder.path}`, {
        hint: "Wait until it is done",
      });
    }
    // Its owner died without taking it away.
    writeFileSync(folder.lockFile, own);
  }
  return {
    [Symbol.dispose]: () => {
      rmSync(folder.lockFile, { force: true });
    },
  };
}

function tryLock(folder: DevFolder, own: string): boolean {
  try {
    writeFileSync(folder.lockFile, own, { flag: "wx" });
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST") return false;
    throw new VsError("data_folder_unusable", `cannot write to ${folder.path}`, { cause: thrown });
  }
}

function readOwner(folder: DevFolder): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(folder.lockFile, "utf8")) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
