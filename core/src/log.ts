// Structured logs: JSON by pino, one line each, a child per component. The last lines stay in memory, so that
// `vsctl nodes logs` can show them without access to the host.
import { pino } from "pino";
import type { Logger } from "pino";

export type { Logger };

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** How many lines the memory of a log keeps. */
export const rememberedLines = 1000;

export interface LogMemory {
  /** The newest lines, oldest first; at most `count`. */
  last(count: number): string[];
}

/**
 * The program's log, to standard output.
 * Tokens, tickets and keys are never passed to it; the usual field names for them are redacted all the same.
 */
export function openLog(options: { program: string; level: LogLevel }): { log: Logger; memory: LogMemory } {
  const lines: string[] = [];
  const remember = {
    write(line: string): void {
      lines.push(line.trimEnd());
      if (lines.length > rememberedLines) lines.splice(0, lines.length - rememberedLines);
    },
  };
  const log = pino(
    {
      level: options.level,
      base: { program: options.program, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ["token", "*.token", "secret", "*.secret", "authorization", "*.authorization"] },
    },
    pino.multistream([
      { level: "trace", stream: pino.destination({ dest: 1, sync: true }) },
      { level: "trace", stream: remember },
    ]),
  );
  return { log, memory: { last: (count) => lines.slice(-count) } };
}
