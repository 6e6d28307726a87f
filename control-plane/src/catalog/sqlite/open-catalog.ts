// The catalog on SQLite: a writer thread and a reader thread behind the commands and queries of catalog.ts.
import type { Clock } from "@vstream/core/clock.ts";
import type { VsError } from "@vstream/core/errors.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Catalog } from "../catalog.ts";
import type { EventRecord } from "../records.ts";
import { commandsOf, queriesOf } from "./calls.ts";
import { canonicalPath } from "./catalog-file.ts";
import type { ThreadRole } from "./messages.ts";
import { ThreadClient } from "./thread-client.ts";
import type { ThreadListener } from "./thread-client.ts";

export interface SqliteCatalogOptions {
  /** The catalog's file; made when it is not there. Files with its name and an ending stand beside it. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** The code of the threads, where it does not stand beside this module. */
  readonly threadUrl?: URL;
  /** The file or a thread failed: its calls are refused from now on, and the program should end. At most once. */
  readonly onFatal?: (error: VsError) => void;
}

/**
 * Opens the catalog for scheduling, in a new term. Nobody else can open it until it is disposed of or the process ends.
 * @throws VsError catalog_locked, catalog_damaged, catalog_newer, data_folder_unusable
 */
export async function openSqliteCatalog(options: SqliteCatalogOptions): Promise<Catalog> {
  const url = options.threadUrl ?? threadBeside(import.meta.url);
  const path = canonicalPath(options.path);
  const listener = listenerFor(options);
  const open = async (role: ThreadRole) =>
    await ThreadClient.start(url, { role, path, at: options.clock.now() }, listener);
  const { client: writer, identity } = await open("writer");
  const reader = await open("reader").catch(async (thrown: unknown) => {
    await writer[Symbol.asyncDispose]();
    throw thrown;
  });
  options.log.info({ path, ...identity }, "catalog open");
  return {
    identity,
    commands: commandsOf(writer),
    queries: queriesOf(reader.client, options.clock),
    async [Symbol.asyncDispose]() {
      // The writer last: whoever closes the file last folds its log into it.
      await reader.client[Symbol.asyncDispose]();
      await writer[Symbol.asyncDispose]();
    },
  };
}

/** In the clone this is a .ts file among others; in a bundle both are .js files in one folder. */
function threadBeside(moduleUrl: string): URL {
  return new URL(moduleUrl.endsWith(".ts") ? "./catalog-thread.ts" : "./catalog-thread.js", moduleUrl);
}

// A thread's end is told once, although there are two threads.
function listenerFor({ log, onFatal }: SqliteCatalogOptions): ThreadListener {
  let told = false;
  return {
    onFatal(error) {
      log.error({ err: error }, "catalog lost");
      if (!told) onFatal?.(error);
      told = true;
    },
    onEvents(events) {
      for (const event of events) logEvent(log, event);
    },
  };
}

/** Events that a person should look at. */
const errorKinds = new Set(["asset.mismatch", "asset.failed", "task.dead", "node.copies_lost"]);

function logEvent(log: Logger, { kind, subject, actor, message }: EventRecord): void {
  const fields = { kind, subject, actor, message };
  if (errorKinds.has(kind)) log.error(fields, "event");
  else log.info(fields, "event");
}
