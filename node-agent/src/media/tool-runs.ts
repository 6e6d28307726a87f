// What ffmpeg and ffprobe are told while something is made: a line for each run, as a shell would have to be given it,
// with the names that files have in the task's own folder. Everything that runs below `during` is noted, however deep.
import { AsyncLocalStorage } from "node:async_hooks";
import { basename, sep } from "node:path";

/** More runs, or longer lines, than these are not kept; the wire and the catalog have the same limits. */
export const keptRuns = 16;
export const runLineLength = 16 * 1024;

const noted = new AsyncLocalStorage<ToolRuns>();

export class ToolRuns {
  readonly #folder: string;
  readonly #lines = new Set<string>();
  #left = 0;

  /** @param folder the task's, which is left out of the names of files */
  constructor(folder: string) {
    this.#folder = `${folder}${sep}`;
  }

  /** Different ones only, in the order of their starts; the last one says how many are not kept. */
  get lines(): readonly string[] {
    const left = this.#left === 0 ? [] : [`# ${this.#left} more`];
    return [...this.#lines, ...left];
  }

  async during<Result>(act: () => Promise<Result>): Promise<Result> {
    return await noted.run(this, act);
  }

  note(program: string, args: readonly string[]): void {
    const named = args.map((arg) => arg.replaceAll(this.#folder, ""));
    const line = [basename(program), ...named].map(quoted).join(" ");
    if (this.#lines.has(line)) return;
    if (this.#lines.size >= keptRuns - 1 || line.length > runLineLength) this.#left += 1;
    else this.#lines.add(line);
  }
}

/** Called where a program is started. */
export function noteRun(program: string, args: readonly string[]): void {
  noted.getStore()?.note(program, args);
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
