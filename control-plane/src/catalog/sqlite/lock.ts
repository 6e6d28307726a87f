// One control plane for one catalog: an exclusive SQLite lock on an empty file beside it. The operating system ends
// the lock with the process, however that ends, so there is nothing to clean up after a crash.
import Database from "better-sqlite3";
import { VsError } from "@vstream/core/errors.ts";
import { fromSqlite } from "./sqlite-errors.ts";

/** @throws VsError catalog_locked */
export function lockCatalog(path: string): Disposable {
  const lock = openLock(`${path}.lock`);
  try {
    lock.exec("begin exclusive");
  } catch (thrown) {
    lock.close();
    throw isBusy(thrown) ? taken(path, thrown) : fromSqlite(thrown);
  }
  return {
    [Symbol.dispose]() {
      lock.close();
    },
  };
}

function openLock(path: string): Database.Database {
  try {
    return new Database(path, { timeout: 0 });
  } catch (thrown) {
    throw fromSqlite(thrown);
  }
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Database.SqliteError && thrown.code.startsWith("SQLITE_BUSY");
}

function taken(path: string, cause: unknown): VsError {
  return new VsError("catalog_locked", `another control plane has the catalog ${path} open`, {
    hint: "Stop the other one first, or give this one a data folder of its own",
    cause,
  });
}
