// One try at an upload to one node by tus: goes on where the node's last byte is, and tells failures apart by what
// can be done about them.
import { DetailedError, Upload } from "tus-js-client";
import type { FileReader, HttpResponse } from "tus-js-client";
import { VsError, isErrorCode } from "@vstream/core/errors.ts";
import type { UploadTicket } from "../control-client.ts";
import type { Source } from "./source.ts";

/** Sent in one request; what is lost at most when a connection breaks. */
const requestBytes = 8 * 1024 * 1024;
/** Without a byte sent for so long, the node counts as dead. */
const stallMs = 30_000;
/** The last request ends when the node has checked and stored the whole file. */
const settleMs = 15 * 60_000;

export type Sent =
  | { readonly kind: "sent" }
  /** The ticket is no longer good. */
  | { readonly kind: "ticket-refused" }
  /** The node is busy with this upload, or answers with a passing fault. */
  | { readonly kind: "busy"; readonly reason: string }
  /** The node does not answer. */
  | { readonly kind: "unreachable"; readonly reason: string }
  /** No use to try again there. */
  | { readonly kind: "refused"; readonly error: VsError };

export interface SendOptions {
  readonly assetId: string;
  readonly ticket: UploadTicket;
  readonly signal: AbortSignal;
  /** Bytes that the node has, from 0 to the source's size. */
  readonly onProgress: (bytes: number) => void;
}

/** Sends what the node lacks. Never throws but for the signal. */
export async function sendSource(source: Source, options: SendOptions): Promise<Sent> {
  const { promise, resolve } = Promise.withResolvers<Sent>();
  const settle = (sent: Sent): void => {
    watchdog.stop();
    resolve(sent);
  };
  const watchdog = new Watchdog(() => {
    void upload.abort();
    settle({ kind: "unreachable", reason: `no answer for ${stallMs / 1000} s` });
  });
  const upload = new Upload(Buffer.alloc(0), {
    endpoint: options.ticket.url,
    // Every asset has one upload, named after it: whoever begins again finds it.
    uploadUrl: `${options.ticket.url.replace(/\/+$/, "")}/${options.assetId}`,
    headers: { authorization: `Bearer ${options.ticket.token}` },
    fileReader: readerOf(source),
    chunkSize: requestBytes,
    retryDelays: null,
    storeFingerprintForResuming: false,
    onProgress: (bytes) => {
      watchdog.restart(bytes < source.bytes ? stallMs : settleMs);
      options.onProgress(bytes);
    },
    onSuccess: () => {
      settle({ kind: "sent" });
    },
    onError: (error) => {
      settle(classify(error));
    },
  });
  const stop = (): void => {
    void upload.abort();
    settle({ kind: "unreachable", reason: "interrupted" });
  };
  options.signal.addEventListener("abort", stop);
  watchdog.restart(stallMs);
  upload.start();
  const sent = await promise;
  options.signal.removeEventListener("abort", stop);
  options.signal.throwIfAborted();
  return sent;
}

function readerOf(source: Source): FileReader {
  const slice = async (start: number, end: number): Promise<{ value: Buffer; done: boolean }> => {
    const bytes = await source.read(start, end);
    // tus-js-client reads the length of what it sends from `size`.
    return { value: Object.assign(bytes, { size: bytes.length }), done: end >= source.bytes };
  };
  return { openFile: () => Promise.resolve({ size: source.bytes, slice, close: () => undefined }) };
}

function classify(error: Error): Sent {
  const cause = error instanceof DetailedError ? (error.causingError ?? error) : error;
  if (cause instanceof VsError) return { kind: "refused", error: cause };
  const response = error instanceof DetailedError ? error.originalResponse : null;
  if (response === null) return { kind: "unreachable", reason: cause.message };
  return classifyResponse(response);
}

function classifyResponse(response: HttpResponse): Sent {
  const status = response.getStatus();
  const said = bodyOf(response);
  if (status === 401 || status === 403) return { kind: "ticket-refused" };
  const error = said ?? defaultError(status);
  if (error !== undefined) return { kind: "refused", error };
  return { kind: "busy", reason: `HTTP ${status}` };
}

function defaultError(status: number): VsError | undefined {
  if (status === 413) return new VsError("source_too_large", "the node refuses a file of this size");
  if (status === 460) return new VsError("source_changed", "what arrived is not what was announced");
  if (status !== 507) return undefined;
  return new VsError("storage_full", "the node that receives the upload has no room for it", {
    hint: "See which nodes are full with: vsctl nodes list. Then delete assets, or add a node",
  });
}

// Agents say what is wrong as vsctl does: {"error":{code,message,hint}}.
function bodyOf(response: HttpResponse): VsError | undefined {
  try {
    const { error } = JSON.parse(response.getBody()) as { error?: { code?: string; message?: string; hint?: string } };
    if (error?.code === undefined || !isErrorCode(error.code)) return undefined;
    const known = new VsError(error.code, error.message ?? error.code, { hint: error.hint ?? "" });
    return known.retryable && known.code !== "storage_full" ? undefined : known;
  } catch {
    return undefined;
  }
}

class Watchdog {
  readonly #bite: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(bite: () => void) {
    this.#bite = bite;
  }

  restart(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#bite, ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
