// SQLite's result codes as ours.
import Database from "better-sqlite3";
import { VsError, asVsError } from "@vstream/core/errors.ts";

/** Errors after which nothing read from or written to the file can be trusted: the program ends and starts anew. */
export function isFatal(error: VsError): boolean {
  return error.code === "catalog_damaged" || error.code === "disk_failed";
}

export function fromSqlite(thrown: unknown): VsError {
  if (!(thrown instanceof Database.SqliteError)) return asVsError(thrown);
  const { code } = thrown;
  const cause = thrown;
  if (code === "SQLITE_FULL") {
    return new VsError("storage_full", "the disk under the catalog is full", {
      hint: "Free some space on the control plane's data folder; it then goes on by itself",
      cause,
    });
  }
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB") return damaged(thrown.message, cause);
  if (code.startsWith("SQLITE_IOERR") || code.startsWith("SQLITE_READONLY")) {
    return new VsError("disk_failed", `the catalog cannot be read or written any more: ${thrown.message}`, {
      hint: "Check the disk under the control plane's data folder, then start it again",
      cause,
    });
  }
  if (code.startsWith("SQLITE_CANTOPEN") || code === "SQLITE_PERM" || code === "SQLITE_AUTH") {
    return new VsError("data_folder_unusable", `the catalog cannot be opened: ${thrown.message}`, {
      hint: "The control plane's data folder has to exist and to be writable for its user",
      cause,
    });
  }
  return asVsError(thrown);
}

export function damaged(what: string, cause?: unknown): VsError {
  return new VsError("catalog_damaged", `the catalog is damaged: ${what}`, {
    hint:
      "Put a backup of catalog.sqlite in its place (without catalog.sqlite-wal and catalog.sqlite-shm), " +
      "or move the data folder away to begin anew; the agents then join again",
    ...(cause === undefined ? {} : { cause }),
  });
}
