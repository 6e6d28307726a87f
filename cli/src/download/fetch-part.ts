// One try at fetching a source from one node: what is lacking of it, handed over as it comes. Tells failures apart by
// what can be done about them.
import { get as getHttp } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import { get as getHttps } from "node:https";
import { asVsError, VsError } from "@vstream/core/errors.ts";
import type { SourceTicket } from "../shapes.ts";

/** Without a byte for so long, the node counts as dead. */
const stallMs = 30_000;
const errorBytes = 64 * 1024;

export type Fetched =
  | { readonly kind: "whole" }
  /** The ticket is no longer good. */
  | { readonly kind: "ticket-refused" }
  /** The node does not give it, or not all of it: another one may. */
  | { readonly kind: "failed"; readonly reason: string };

export interface Part {
  readonly sha256: string;
  /** Of the whole source. */
  readonly bytes: number;
  /** The first that is lacking. */
  readonly from: number;
  readonly signal: AbortSignal;
  readonly take: (part: Uint8Array) => Promise<void>;
}

/** @throws what `take` throws; the signal's reason */
export async function fetchPart(ticket: SourceTicket, part: Part): Promise<Fetched> {
  const tag = `"${part.sha256}"`;
  const range = part.from === 0 ? {} : { range: `bytes=${part.from}-`, "if-range": tag };
  const headers = { authorization: `Bearer ${ticket.token}`, "accept-encoding": "identity", ...range };
  let response: IncomingMessage;
  try {
    response = await ask(ticket.url, { headers, signal: part.signal, timeout: stallMs });
  } catch (thrown) {
    part.signal.throwIfAborted();
    return { kind: "failed", reason: asVsError(thrown).message };
  }
  try {
    const refused = await refusalOf(response, part, tag);
    return refused ?? (await take(response, part));
  } finally {
    response.destroy();
  }
}

async function ask(url: string, options: RequestOptions): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const get = url.startsWith("https:") ? getHttps : getHttp;
  let answered: IncomingMessage | null = null;
  const request = get(url, options, (response) => {
    answered = response;
    resolve(response);
  });
  request.once("error", reject);
  request.once("timeout", () => {
    (answered ?? request).destroy(new VsError("timed_out", `nothing came for ${stallMs / 1000} s`));
  });
  return await promise;
}

async function refusalOf(response: IncomingMessage, part: Part, tag: string): Promise<Fetched | null> {
  const { statusCode = 0, headers } = response;
  if (statusCode === 401 || statusCode === 403) return { kind: "ticket-refused" };
  if (statusCode !== (part.from === 0 ? 200 : 206)) return { kind: "failed", reason: await reasonOf(response) };
  const span = part.from === 0 ? headers["content-length"] : headers["content-range"];
  const wanted = part.from === 0 ? `${part.bytes}` : `bytes ${part.from}-${part.bytes - 1}/${part.bytes}`;
  if (headers.etag === tag && span === wanted) return null;
  return { kind: "failed", reason: "it gives something else" };
}

// Agents say what is wrong as vsctl does: {"error":{code,message,hint}}.
async function reasonOf(response: IncomingMessage): Promise<string> {
  const status = `HTTP ${response.statusCode ?? 0}`;
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > errorBytes) return status;
      parts.push(part);
    }
    const { error } = JSON.parse(Buffer.concat(parts).toString()) as { error?: { message?: string } };
    return error?.message ?? status;
  } catch {
    return status;
  }
}

async function take(response: IncomingMessage, part: Part): Promise<Fetched> {
  let lacking = part.bytes - part.from;
  const body = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    let next: IteratorResult<Buffer, unknown>;
    try {
      next = await body.next();
    } catch (thrown) {
      part.signal.throwIfAborted();
      return { kind: "failed", reason: asVsError(thrown).message };
    }
    if (next.done === true) break;
    if (next.value.length > lacking) return { kind: "failed", reason: "it gives more than there is" };
    await part.take(next.value);
    lacking -= next.value.length;
  }
  return lacking === 0 ? { kind: "whole" } : { kind: "failed", reason: "the connection ended too early" };
}
