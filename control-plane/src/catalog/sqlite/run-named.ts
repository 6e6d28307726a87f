// Runs one of a set of commands or queries by its name, as it came from the program's thread.
import { VsError } from "@vstream/core/errors.ts";
import type { Db } from "../tables.ts";
import type { Call } from "./messages.ts";

export async function runNamed(set: object, db: Db, call: Call): Promise<unknown> {
  const named: unknown = Object.hasOwn(set, call.name) ? Reflect.get(set, call.name) : undefined;
  if (typeof named !== "function") throw new VsError("internal", `the catalog knows no ${call.name}`);
  // The program's side is typed by the same interfaces as the set: what comes fits.
  return await (named as (db: Db, ...given: readonly unknown[]) => Promise<unknown>)(db, ...call.given);
}
