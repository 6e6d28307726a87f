// The closed set of things that can go wrong, and the one class that carries them. docs/errors.md lists the
// same codes for operators, and a test keeps the two equal. Translate at the edges only: exit code, HTTP status,
// gRPC status.

/** How vsctl ends; see the table in docs/errors.md. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130;

export interface ErrorKind {
  readonly exitCode: ExitCode;
  /** Whether the same act may succeed later without anybody changing anything. */
  readonly retryable: boolean;
}

export const errorKinds = {
  internal: { exitCode: 1, retryable: false },
  not_there_yet: { exitCode: 2, retryable: false },
  usage: { exitCode: 2, retryable: false },
  invalid_argument: { exitCode: 2, retryable: false },
  invalid_config: { exitCode: 2, retryable: false },
  confirmation_needed: { exitCode: 2, retryable: false },
  no_cluster: { exitCode: 2, retryable: false },
  not_found: { exitCode: 3, retryable: false },
  asset_not_found: { exitCode: 3, retryable: false },
  node_not_found: { exitCode: 3, retryable: false },
  task_not_found: { exitCode: 3, retryable: false },
  token_not_found: { exitCode: 3, retryable: false },
  source_not_found: { exitCode: 3, retryable: false },
  unauthenticated: { exitCode: 4, retryable: false },
  forbidden: { exitCode: 4, retryable: false },
  token_invalid: { exitCode: 4, retryable: false },
  token_expired: { exitCode: 4, retryable: false },
  token_used: { exitCode: 4, retryable: false },
  wrong_cluster: { exitCode: 4, retryable: false },
  timed_out: { exitCode: 5, retryable: true },
  conflict: { exitCode: 6, retryable: false },
  cluster_exists: { exitCode: 6, retryable: false },
  duplicate_source: { exitCode: 6, retryable: false },
  catalog_locked: { exitCode: 6, retryable: false },
  not_media: { exitCode: 7, retryable: false },
  source_empty: { exitCode: 7, retryable: false },
  source_unreadable: { exitCode: 7, retryable: false },
  source_is_directory: { exitCode: 7, retryable: false },
  source_truncated: { exitCode: 7, retryable: false },
  source_changed: { exitCode: 7, retryable: false },
  source_forbidden: { exitCode: 7, retryable: false },
  source_too_large: { exitCode: 7, retryable: false },
  source_damaged: { exitCode: 7, retryable: false },
  source_unsupported: { exitCode: 7, retryable: false },
  unknown_codec: { exitCode: 7, retryable: false },
  no_video: { exitCode: 7, retryable: false },
  encrypted: { exitCode: 7, retryable: false },
  media_limit: { exitCode: 7, retryable: false },
  unavailable: { exitCode: 1, retryable: true },
  no_node_available: { exitCode: 1, retryable: true },
  storage_full: { exitCode: 1, retryable: true },
  upload_failed: { exitCode: 1, retryable: true },
  source_unavailable: { exitCode: 1, retryable: true },
  asset_failed: { exitCode: 1, retryable: false },
  asset_deleted: { exitCode: 3, retryable: false },
  lease_lost: { exitCode: 1, retryable: true },
  object_missing: { exitCode: 1, retryable: true },
  object_corrupt: { exitCode: 1, retryable: true },
  peer_failed: { exitCode: 1, retryable: true },
  ffmpeg_missing: { exitCode: 1, retryable: false },
  ffmpeg_too_old: { exitCode: 1, retryable: false },
  ffmpeg_failed: { exitCode: 1, retryable: true },
  ffmpeg_killed: { exitCode: 1, retryable: true },
  encode_mismatch: { exitCode: 1, retryable: true },
  authoring_rule_broken: { exitCode: 1, retryable: false },
  cancelled: { exitCode: 1, retryable: false },
  port_taken: { exitCode: 1, retryable: false },
  catalog_damaged: { exitCode: 1, retryable: false },
  catalog_newer: { exitCode: 1, retryable: false },
  data_folder_unusable: { exitCode: 1, retryable: false },
  disk_failed: { exitCode: 1, retryable: false },
  interrupted: { exitCode: 130, retryable: true },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

/** What can be sent, stored and shown of an error. */
export interface Failure {
  readonly code: ErrorCode;
  /** What happened, to which thing. */
  readonly message: string;
  /** What the operator can do; the next command to try. May be empty. */
  readonly hint: string;
}

export class VsError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "VsError";
    this.code = code;
    this.hint = options.hint ?? "";
  }

  get retryable(): boolean {
    return errorKinds[this.code].retryable;
  }

  get exitCode(): ExitCode {
    return errorKinds[this.code].exitCode;
  }

  toFailure(): Failure {
    return { code: this.code, message: this.message, hint: this.hint };
  }

  static fromFailure(failure: Failure): VsError {
    return new VsError(failure.code, failure.message, { hint: failure.hint });
  }
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorKinds, text);
}

/** Anything thrown, as a VsError; what is not one already becomes `internal` and keeps its cause. */
export function asVsError(thrown: unknown): VsError {
  if (thrown instanceof VsError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new VsError("internal", message, { cause: thrown });
}

/** For the default of an exhaustive switch: a new kind without a branch does not compile. */
export function unreachable(value: never): never {
  throw new VsError("internal", `a case without a branch: ${JSON.stringify(value)}`);
}
