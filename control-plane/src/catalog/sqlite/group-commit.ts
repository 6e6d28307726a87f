// The writer: takes every command that has come in, runs each in a savepoint of its own inside one transaction, and
// answers when that is durable. One that fails takes back only what it did itself.
import type { Clock } from "@vstream/core/clock.ts";
import { commandSet } from "../command-set.ts";
import type { EventRecord } from "../records.ts";
import type { Db } from "../tables.ts";
import type { Sqlite } from "./connection.ts";
import { toSent } from "./messages.ts";
import type { Answer, Call } from "./messages.ts";
import { runNamed } from "./run-named.ts";
import { fromSqlite, isFatal } from "./sqlite-errors.ts";

/** The most commands of one commit, so that the first of them is not kept waiting. */
export const commandsPerCommit = 200;

/** After so long no further command is begun, for the same reason: hundreds of inventories may come at once. */
export const commitBudgetMs = 50;

/** Answers of the first commands; the others were not begun. */
export interface Committed {
  readonly answers: readonly Answer[];
  readonly events: readonly EventRecord[];
}

export class GroupCommit {
  readonly #sqlite: Sqlite;
  readonly #db: Db;
  readonly #clock: Pick<Clock, "monotonicMs">;
  #lastEventId: number;

  constructor(sqlite: Sqlite, db: Db, clock: Pick<Clock, "monotonicMs">) {
    this.#sqlite = sqlite;
    this.#db = db;
    this.#clock = clock;
    this.#lastEventId =
      sqlite.prepare<[], { id: number }>("select coalesce(max(id), 0) as id from events").get()?.id ?? 0;
  }

  /**
   * Gives an answer for each call of the first ones, at least one, after the commit. When the commit itself fails,
   * every call has failed.
   * @throws VsError when the file can no longer be trusted: no call was acknowledged
   */
  async run(calls: readonly Call[]): Promise<Committed> {
    try {
      this.#sqlite.exec("begin immediate");
      const answers: Answer[] = [];
      const endsAtMs = this.#clock.monotonicMs() + commitBudgetMs;
      for (const call of calls) {
        answers.push(await this.#runOne(call));
        if (this.#clock.monotonicMs() >= endsAtMs) break;
      }
      this.#sqlite.exec("commit");
      return { answers, events: this.#takeEvents() };
    } catch (thrown) {
      if (this.#sqlite.inTransaction) this.#sqlite.exec("rollback");
      const error = fromSqlite(thrown);
      if (isFatal(error)) throw error;
      const failure = toSent(error);
      return { answers: calls.map(({ id }) => ({ id, kind: "failure", failure })), events: [] };
    }
  }

  async #runOne(call: Call): Promise<Answer> {
    this.#sqlite.exec("savepoint one_command");
    try {
      const value = await runNamed(commandSet, this.#db, call);
      this.#sqlite.exec("release one_command");
      return { id: call.id, kind: "value", value };
    } catch (thrown) {
      const error = fromSqlite(thrown);
      // A full disk can make SQLite roll the whole transaction back by itself.
      if (!this.#sqlite.inTransaction || isFatal(error)) throw error;
      this.#sqlite.exec("rollback to one_command");
      this.#sqlite.exec("release one_command");
      return { id: call.id, kind: "failure", failure: toSent(error) };
    }
  }

  #takeEvents(): EventRecord[] {
    const events = this.#sqlite
      .prepare<[number], EventRecord>(
        "select id, at, kind, subject, actor, message from events where id > ? order by id",
      )
      .all(this.#lastEventId);
    this.#lastEventId = events.at(-1)?.id ?? this.#lastEventId;
    return events;
  }
}
