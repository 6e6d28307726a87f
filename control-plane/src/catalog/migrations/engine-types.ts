// What the engines call differently when tables are made. Everything else in a migration is SQL that both have.
export interface EngineTypes {
  /** An integer of 64 bits. */
  readonly integer: string;
  /** A primary key that counts up by itself and never gives a number twice. */
  readonly countingKey: string;
  /** What follows a table's closing bracket. */
  readonly tableEnd: string;
  /** The same for a table that is only ever reached by its (short) primary key. */
  readonly keyedTableEnd: string;
}

export const sqliteTypes: EngineTypes = {
  integer: "integer",
  countingKey: "integer primary key autoincrement",
  tableEnd: "strict",
  keyedTableEnd: "strict, without rowid",
};
