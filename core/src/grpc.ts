// How both sides hold a gRPC connection: limits and keepalive (grpc-js sets none), and errors as codes with a hint.
import { isIP } from "node:net";
import { Metadata, status } from "@grpc/grpc-js";
import type { ChannelOptions, ServiceError, StatusObject } from "@grpc/grpc-js";
import { VsError, asVsError, isErrorCode } from "./errors.ts";
import type { ErrorCode } from "./errors.ts";

/** The largest message that a control plane takes. */
export const messageLimitBytes = 4 * 1024 * 1024;

/**
 * The largest answer. A manifest of the longest film that is taken (a day) has about 11 MiB at five rungs and one track
 * of sound, and about 40 MiB at the most rungs and tracks that there may be.
 */
export const answerLimitBytes = 64 * 1024 * 1024;

/** The usual deadline of a unary call. */
export const callDeadlineMs = 15_000;

export const clientChannelOptions: ChannelOptions = {
  "grpc.max_receive_message_length": answerLimitBytes,
  "grpc.max_send_message_length": messageLimitBytes,
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.initial_reconnect_backoff_ms": 200,
  "grpc.min_reconnect_backoff_ms": 200,
  "grpc.max_reconnect_backoff_ms": 2_000,
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
};

/**
 * clientChannelOptions for one host. TLS has no server names that are IP addresses (Node warns of them), so a control
 * plane that is dialled by one is asked for as localhost: its certificate always has that name, and no other one has.
 */
export function channelOptionsFor(host: string): ChannelOptions {
  const byAddress = isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0;
  return byAddress ? { ...clientChannelOptions, "grpc.ssl_target_name_override": "localhost" } : clientChannelOptions;
}

export const serverChannelOptions: ChannelOptions = {
  "grpc.max_receive_message_length": messageLimitBytes,
  "grpc.max_send_message_length": answerLimitBytes,
  "grpc.max_concurrent_streams": 100,
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.max_connection_idle_ms": 300_000,
  "grpc-node.max_session_memory": 16,
};

const statusOfCode: Partial<Record<ErrorCode, status>> = {
  invalid_argument: status.INVALID_ARGUMENT,
  usage: status.INVALID_ARGUMENT,
  not_there_yet: status.UNIMPLEMENTED,
  unauthenticated: status.UNAUTHENTICATED,
  token_invalid: status.UNAUTHENTICATED,
  token_expired: status.UNAUTHENTICATED,
  token_used: status.UNAUTHENTICATED,
  wrong_cluster: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  timed_out: status.DEADLINE_EXCEEDED,
  conflict: status.FAILED_PRECONDITION,
  unavailable: status.UNAVAILABLE,
  no_node_available: status.UNAVAILABLE,
  storage_full: status.RESOURCE_EXHAUSTED,
  source_too_large: status.RESOURCE_EXHAUSTED,
  cancelled: status.CANCELLED,
  internal: status.INTERNAL,
};

/** What a service gives to grpc-js for anything thrown. What is internal keeps its text to the server's log. */
export function toStatus(thrown: unknown): Partial<StatusObject> {
  const error = asVsError(thrown);
  const metadata = new Metadata();
  metadata.set("vstream-code", error.code);
  // HTTP/2 header values are ASCII; what is not goes percent-encoded.
  metadata.set("vstream-hint", encodeURIComponent(error.hint));
  const details = error.code === "internal" ? "an internal error; the control plane's log has more" : error.message;
  return { code: statusFor(error.code), details, metadata };
}

/** What a client makes of a failed call. */
export function fromServiceError(thrown: unknown): VsError {
  if (!isServiceError(thrown)) return asVsError(thrown);
  const code = thrown.metadata.get("vstream-code")[0]?.toString() ?? "";
  if (isErrorCode(code)) {
    const hint = decodeURIComponent(thrown.metadata.get("vstream-hint")[0]?.toString() ?? "");
    return new VsError(code, thrown.details, { hint, cause: thrown });
  }
  return new VsError(codeFor(thrown.code), thrown.details, { cause: thrown });
}

function statusFor(code: ErrorCode): status {
  const known = statusOfCode[code];
  if (known !== undefined) return known;
  return code.endsWith("not_found") || code === "asset_deleted" ? status.NOT_FOUND : status.FAILED_PRECONDITION;
}

function codeFor(code: status): ErrorCode {
  switch (code) {
    case status.UNAVAILABLE:
      return "unavailable";
    case status.DEADLINE_EXCEEDED:
      return "timed_out";
    case status.CANCELLED:
      return "cancelled";
    case status.UNAUTHENTICATED:
      return "unauthenticated";
    case status.PERMISSION_DENIED:
      return "forbidden";
    case status.UNIMPLEMENTED:
      return "not_there_yet";
    case status.NOT_FOUND:
      return "not_found";
    case status.INVALID_ARGUMENT:
    case status.RESOURCE_EXHAUSTED:
      return "invalid_argument";
    default:
      return "internal";
  }
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && "metadata" in thrown && thrown.metadata instanceof Metadata && "details" in thrown;
}
