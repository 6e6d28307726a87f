// The entry of the two catalog threads: one writes, one reads, each with a connection of its own, so that a slow disk
// stops neither the program nor its lists.
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { querySet } from "../command-set.ts";
import { beginTerm, readIdentity } from "../identity.ts";
import { snapshotChanges } from "../snapshot.ts";
import { bringUpToDate, checkWhole, createMissing } from "./catalog-file.ts";
import { openConnection, queriesOn } from "./connection.ts";
import { GroupCommit, commandsPerCommit } from "./group-commit.ts";
import type { Committed } from "./group-commit.ts";
import { lockCatalog } from "./lock.ts";
import { toSent } from "./messages.ts";
import type { Answer, Call, FromThread, ThreadStart, ToThread } from "./messages.ts";
import { runNamed } from "./run-named.ts";
import { fromSqlite, isFatal } from "./sqlite-errors.ts";

/** What a role does with the calls that have come in, at least the first; close: when all are answered. */
interface Service {
  readonly atOnce: number;
  run(calls: readonly Call[]): Promise<Committed>;
  close(): void;
}

/** Questions that came together are answered together: one waking of the other thread for all of them. */
const queriesPerAnswer = 16;

/** Beside what the catalog promises: the question behind its snapshots. */
const readerSet = { ...querySet, snapshotChanges };

const port = requirePort();
// Given by open-catalog.ts and nobody else.
const start = workerData as ThreadStart;

try {
  serve(start.role === "writer" ? await openWriter(start) : await openReader(start));
} catch (thrown) {
  say({ kind: "refused", failure: toSent(thrown) });
  port.close();
}

async function openWriter({ path, at }: ThreadStart): Promise<Service> {
  const lock = lockCatalog(path);
  try {
    await createMissing(path, at);
    const sqlite = openConnection(path, "write");
    const db = queriesOn(sqlite);
    checkWhole(sqlite);
    await bringUpToDate(db);
    const identity = await db.transaction().execute(async (transaction) => await beginTerm(transaction, at));
    const commits = new GroupCommit(sqlite, db, systemClock);
    say({ kind: "ready", identity });
    return {
      atOnce: commandsPerCommit,
      run: async (calls) => await commits.run(calls),
      close() {
        sqlite.close();
        lock[Symbol.dispose]();
      },
    };
  } catch (thrown) {
    lock[Symbol.dispose]();
    throw fromSqlite(thrown);
  }
}

async function openReader({ path }: ThreadStart): Promise<Service> {
  const sqlite = openConnection(path, "read");
  const db = queriesOn(sqlite);
  say({ kind: "ready", identity: await readIdentity(db) });
  return {
    atOnce: queriesPerAnswer,
    async run(calls) {
      const answers: Answer[] = [];
      for (const call of calls) {
        answers.push(await answerQuery(call));
      }
      return { answers, events: [] };
    },
    close() {
      sqlite.close();
    },
  };

  // A transaction, so that a query of several statements sees one moment.
  async function answerQuery(call: Call): Promise<Answer> {
    sqlite.exec("begin");
    try {
      return { id: call.id, kind: "value", value: await runNamed(readerSet, db, call) };
    } catch (thrown) {
      const error = fromSqlite(thrown);
      if (isFatal(error)) throw error;
      return { id: call.id, kind: "failure", failure: toSent(error) };
    } finally {
      if (sqlite.inTransaction) sqlite.exec("rollback");
    }
  }
}

function serve(service: Service): void {
  const queue: Call[] = [];
  let closing = false;
  let running = false;
  port.on("message", (message: ToThread) => {
    if (message.kind === "calls") queue.push(...message.calls);
    else closing = true;
    next();
  });

  // Not at once: what else has come in belongs to the same commit.
  function next(): void {
    if (running) return;
    running = true;
    setImmediate(() => {
      turn().catch(fail);
    });
  }

  async function turn(): Promise<void> {
    if (queue.length > 0) {
      const done = await service.run(queue.slice(0, service.atOnce));
      queue.splice(0, done.answers.length);
      say({ kind: "answers", ...done });
    }
    running = false;
    if (queue.length > 0) next();
    else if (closing) end();
  }

  function end(): void {
    service.close();
    port.close();
  }

  function fail(thrown: unknown): void {
    say({ kind: "fatal", failure: toSent(thrown) });
    port.close();
  }
}

function say(message: FromThread): void {
  port.postMessage(message);
}

function requirePort(): NonNullable<typeof parentPort> {
  if (parentPort !== null) return parentPort;
  throw new VsError("internal", "catalog-thread runs as a worker thread only");
}
