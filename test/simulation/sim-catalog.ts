// The real catalog (tables, migrations, commands, commits) without its threads: each commit and each question is one
// event. The file outlives every control plane that is killed, and nothing of a commit is there by half.
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import type {
  Catalog,
  CatalogCommands,
  CatalogIdentity,
  CatalogQueries,
} from "../../control-plane/src/catalog/catalog.ts";
import { commandSet, querySet } from "../../control-plane/src/catalog/command-set.ts";
import { beginTerm } from "../../control-plane/src/catalog/identity.ts";
import { bringUpToDate, createMissing } from "../../control-plane/src/catalog/sqlite/catalog-file.ts";
import { openConnection, queriesOn } from "../../control-plane/src/catalog/sqlite/connection.ts";
import type { Sqlite } from "../../control-plane/src/catalog/sqlite/connection.ts";
import { GroupCommit } from "../../control-plane/src/catalog/sqlite/group-commit.ts";
import { fromSent } from "../../control-plane/src/catalog/sqlite/messages.ts";
import type { Answer, Call } from "../../control-plane/src/catalog/sqlite/messages.ts";
import { runNamed } from "../../control-plane/src/catalog/sqlite/run-named.ts";
import { fromSqlite } from "../../control-plane/src/catalog/sqlite/sqlite-errors.ts";
import type { Db } from "../../control-plane/src/catalog/tables.ts";
import { Random, seedThePrograms } from "./random.ts";
import type { Program, VirtualTime } from "./virtual-time.ts";

/** Sees every command before it is run and after its commit. */
export interface CommandWatch {
  /** Gives the watch's own note for `after`. */
  before(call: Call): Promise<unknown>;
  after(call: Call, answer: Answer, note: unknown): Promise<void>;
}

/** A folder with an empty catalog, made once and copied for each simulation. */
export class CatalogFolder implements Disposable {
  readonly #folder: string;
  #opened = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(): Promise<CatalogFolder> {
    // Its incarnation is a part of every history.
    using _seeded = seedThePrograms(new Random(0));
    const folder = new CatalogFolder(mkdtempSync(join(tmpdir(), "vstream-simulation-")));
    await createMissing(folder.#path(0), 0);
    return folder;
  }

  open(): CatalogFile {
    this.#opened += 1;
    const path = this.#path(this.#opened);
    copyFileSync(this.#path(0), path);
    return new CatalogFile(path);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }

  #path(number: number): string {
    return join(this.#folder, `${number}.db`);
  }
}

/** What of a catalog outlives its control plane. */
export class CatalogFile implements Disposable {
  readonly path: string;
  readonly sqlite: Sqlite;
  readonly db: Db;

  constructor(path: string) {
    this.path = path;
    this.sqlite = openConnection(path, "write");
    // Only the simulation's own kills happen here, and they lose no commit: no disk has to be waited for.
    this.sqlite.pragma("journal_mode = MEMORY");
    this.sqlite.pragma("synchronous = OFF");
    this.db = queriesOn(this.sqlite);
  }

  /** Rows that were ever changed, by whatever statement. */
  changes(): number {
    return this.sqlite.prepare<[], { n: number }>("select total_changes() as n").get()?.n ?? 0;
  }

  /** One of the catalog's questions, outside of every program: for who checks. */
  async ask<Name extends keyof CatalogQueries>(
    name: Name,
    ...given: Parameters<CatalogQueries[Name]>
  ): Promise<Awaited<ReturnType<CatalogQueries[Name]>>> {
    const call: Call = { id: 0, name, given };
    return (await runNamed(querySet, this.db, call)) as Awaited<ReturnType<CatalogQueries[Name]>>;
  }

  [Symbol.dispose](): void {
    this.sqlite.close();
    rmSync(this.path);
  }
}

export interface SimCatalogParts {
  readonly file: CatalogFile;
  readonly time: VirtualTime;
  readonly program: Program;
  readonly random: Random;
  readonly watch: CommandWatch;
}

interface Waiting {
  readonly call: Call;
  readonly settled: PromiseWithResolvers<unknown>;
}

/** The catalog as one control plane has it open, for one term. */
export class SimCatalog {
  readonly identity: CatalogIdentity;
  readonly #parts: SimCatalogParts;
  readonly #commits: GroupCommit;
  #waiting: Waiting[] = [];
  #calls = 0;
  /** Of the disk under it, each commit. */
  commitMs = 0.5;
  /** Set: the program is killed when the next commit is durable, before anybody hears of it. */
  dieAfterCommit: (() => void) | null = null;

  private constructor(parts: SimCatalogParts, identity: CatalogIdentity) {
    this.#parts = parts;
    this.identity = identity;
    this.#commits = new GroupCommit(parts.file.sqlite, parts.file.db, parts.program.clock);
  }

  static async open(parts: SimCatalogParts): Promise<SimCatalog> {
    const { db } = parts.file;
    await bringUpToDate(db);
    const at = parts.program.clock.now();
    return new SimCatalog(
      parts,
      await db.transaction().execute(async (transaction) => await beginTerm(transaction, at)),
    );
  }

  asCatalog(): Catalog {
    const methods = (set: object, call: (name: string, given: unknown[]) => Promise<unknown>) =>
      Object.fromEntries(Object.keys(set).map((name) => [name, (...given: unknown[]) => call(name, given)]));
    return {
      identity: this.identity,
      commands: methods(commandSet, (name, given) => this.#command(name, given)) as unknown as CatalogCommands,
      queries: methods(querySet, (name, given) => this.#query(name, given)) as unknown as CatalogQueries,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  // What comes while another commit is awaited belongs to the next one.
  #command(name: string, given: unknown[]): Promise<unknown> {
    const settled = Promise.withResolvers<unknown>();
    this.#calls += 1;
    this.#waiting.push({ call: { id: this.#calls, name, given }, settled });
    if (this.#waiting.length === 1) this.#planCommit();
    return settled.promise;
  }

  #query(name: string, given: unknown[]): Promise<unknown> {
    const settled = Promise.withResolvers<unknown>();
    this.#parts.program.after(0.1, () => {
      const call: Call = { id: 0, name, given };
      runNamed(querySet, this.#parts.file.db, call).then(settled.resolve, (thrown: unknown) => {
        settled.reject(fromSqlite(thrown));
      });
    });
    return settled.promise;
  }

  #planCommit(): void {
    const { program, random } = this.#parts;
    program.after(this.commitMs * random.between(0.5, 1.5), () => {
      const batch = this.#waiting;
      this.#waiting = [];
      void this.#commit(batch);
    });
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const answered: (() => void)[] = [];
    for (const { call, settled } of batch) {
      const answer = await this.#run(call);
      answered.push(() => {
        if (answer.kind === "value") settled.resolve(answer.value);
        else settled.reject(fromSent(answer.failure));
      });
    }
    const die = this.dieAfterCommit;
    if (die !== null) {
      this.dieAfterCommit = null;
      die();
    }
    this.#parts.program.run(() => {
      for (const answer of answered) answer();
    });
  }

  async #run(call: Call): Promise<Answer> {
    const { watch } = this.#parts;
    const note = await watch.before(call);
    const [answer] = (await this.#commits.run([call])).answers;
    if (answer === undefined) throw new VsError("internal", `${call.name} was not answered`);
    await watch.after(call, answer, note);
    return answer;
  }
}
