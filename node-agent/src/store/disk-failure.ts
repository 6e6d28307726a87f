// What a failed act on the disk means for the rest of the agent. A failed fsync is never tried again on the same
// file: the kernel may have dropped the pages that it could not write, and a second fsync would say that all is well.
import { VsError } from "@vstream/core/errors.ts";

const fullCodes = new Set(["ENOSPC", "EDQUOT"]);

/** @param act what was being done, as in "store an object" */
export function diskFailure(thrown: unknown, act: string): VsError {
  if (thrown instanceof VsError) return thrown;
  const code = errnoOf(thrown);
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (code !== undefined && fullCodes.has(code)) {
    return new VsError("storage_full", `the disk is full: cannot ${act}`, {
      hint: "Free some space on the node's disk, or add a node",
      cause: thrown,
    });
  }
  return new VsError("disk_failed", `cannot ${act}: ${text}`, {
    hint: "Look at the node's disk and at the kernel's log",
    cause: thrown,
  });
}

/** The system's name of a failure, such as ENOENT. */
export function errnoOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}

/**
 * A file that should be there is gone, or the disk cannot read it: the file is lost. Any other failure (too many open
 * files, no memory, no permission) passes, and the file is as good as before.
 */
export function isFilesFault(thrown: unknown): boolean {
  return isAbsent(thrown) || errnoOf(thrown) === "EIO";
}

export function isAbsent(thrown: unknown): boolean {
  return errnoOf(thrown) === "ENOENT";
}
