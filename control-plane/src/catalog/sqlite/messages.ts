// What the program and its two catalog threads say to each other.
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { Failure } from "@vstream/core/errors.ts";
import type { CatalogIdentity } from "../catalog.ts";
import type { EventRecord } from "../records.ts";

export type ThreadRole = "writer" | "reader";

/** Given to a thread at its start. */
export interface ThreadStart {
  readonly role: ThreadRole;
  readonly path: string;
  readonly at: number;
}

/** One command or query; answers carry its number. */
export interface Call {
  readonly id: number;
  readonly name: string;
  readonly given: readonly unknown[];
}

/** close: answer everything that came before, then end. */
export type ToThread = { readonly kind: "calls"; readonly calls: readonly Call[] } | { readonly kind: "close" };

/** trace: for an error that nobody foresaw, where it came from. */
export interface SentFailure extends Failure {
  readonly trace: string;
}

export type Answer =
  | { readonly id: number; readonly kind: "value"; readonly value: unknown }
  | { readonly id: number; readonly kind: "failure"; readonly failure: SentFailure };

export type FromThread =
  | { readonly kind: "ready"; readonly identity: CatalogIdentity }
  | { readonly kind: "refused"; readonly failure: SentFailure }
  /** What is answered is durable; events: what those commands wrote to the event log. */
  | { readonly kind: "answers"; readonly answers: readonly Answer[]; readonly events: readonly EventRecord[] }
  /** The file can no longer be trusted or reached: the program has to end. */
  | { readonly kind: "fatal"; readonly failure: SentFailure };

export function toSent(thrown: unknown): SentFailure {
  const error = asVsError(thrown);
  const { cause } = error;
  return { ...error.toFailure(), trace: cause instanceof Error ? (cause.stack ?? cause.message) : "" };
}

export function fromSent({ trace, ...failure }: SentFailure): VsError {
  const cause = trace === "" ? {} : { cause: new Error(trace) };
  return new VsError(failure.code, failure.message, { hint: failure.hint, ...cause });
}
