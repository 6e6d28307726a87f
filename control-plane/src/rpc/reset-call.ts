// Cuts a stream whose other side does not read. grpc-js can only end a stream behind what is still to be sent, which
// never happens here, so the HTTP/2 stream below it is closed; a test holds that this reaches it.
import { constants } from "node:http2";
import type { ServerHttp2Stream } from "node:http2";

/** Drops what waits to be sent, and resets the stream. */
export function resetCall(call: { destroy(): unknown }): void {
  const stream = streamBelow(call);
  call.destroy();
  stream?.close(constants.NGHTTP2_CANCEL);
}

function streamBelow(call: object): Pick<ServerHttp2Stream, "close"> | undefined {
  let current: unknown = call;
  // The call that a service sees holds one that each interceptor wraps; the innermost holds the stream.
  for (const name of ["call", "nextCall", "nextCall"]) {
    if (isObject(current) && name in current) current = current[name];
  }
  const stream = isObject(current) ? current["stream"] : undefined;
  return isObject(stream) && typeof stream["close"] === "function"
    ? (stream as unknown as ServerHttp2Stream)
    : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
