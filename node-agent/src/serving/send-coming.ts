// A body that is still coming: its head goes out with its first bytes, the rest as fast as this client takes it. Ends
// early only by destroying the connection, so that a part is never taken for the whole.
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";

export interface ComingBytes {
  /** Of all that `read` gives. */
  readonly sizeBytes: number;
  readonly read: () => AsyncIterable<Uint8Array>;
  /** Whether they are known to be right by now: all of them, before any is sent. */
  readonly isVerified: () => boolean;
}

/**
 * Resolves when all is sent, or the client has gone.
 * @param body.head called right before the first byte
 * @throws what `read` throws
 */
export async function sendComing(
  request: IncomingMessage,
  response: ServerResponse,
  body: { readonly bytes: ComingBytes; readonly head: () => void },
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => {
    gone.abort();
  });
  let isBegun = false;
  const begin = (): void => {
    if (!isBegun) body.head();
    isBegun = true;
  };
  for await (const part of body.bytes.read()) {
    if (gone.signal.aborted || response.destroyed) return;
    begin();
    if (request.method === "HEAD") break;
    if (!response.write(part)) await drained(response, gone.signal);
  }
  begin();
  if (!gone.signal.aborted) response.end();
}

async function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  try {
    await once(response, "drain", { signal: gone });
  } catch (thrown) {
    if (!gone.aborted) throw thrown;
  }
}
