// What is asked of another agent about an object, and what its answer must look like before its bytes are read.
import type { IncomingMessage } from "node:http";
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { bodyOf, peerFailed } from "./peer-request.ts";

const shortBodyBytes = 64 * 1024;

// The whole is asked for plainly: the empty object has no range that could be asked for.
export function rangeHeader(range: { start: number; end: number }, object: ObjectRef): Record<string, string> {
  if (range.start === 0 && range.end === object.bytes) return {};
  return { range: `bytes=${String(range.start)}-${String(range.end - 1)}` };
}

export function requireRange(
  answer: IncomingMessage,
  asked: { holder: NodeId; object: ObjectRef; range: { start: number; end: number } },
): void {
  const { holder, object, range } = asked;
  const isWhole = range.start === 0 && range.end === object.bytes;
  if (answer.statusCode === 404) {
    answer.resume();
    throw new VsError("object_missing", `node ${holder} does not hold object ${object.sha256}`);
  }
  if (answer.statusCode !== (isWhole ? 200 : 206)) throw unexpected(answer, holder);
  const shown = isWhole ? answer.headers["content-length"] : answer.headers["content-range"];
  const wanted = `${String(range.start)}-${String(range.end - 1)}/${String(object.bytes)}`;
  if (shown === (isWhole ? String(object.bytes) : `bytes ${wanted}`)) return;
  answer.destroy();
  throw new VsError("object_corrupt", `node ${holder} has object ${object.sha256} in another size`);
}

export function unexpected(answer: IncomingMessage, holder: NodeId): VsError {
  letGo(answer);
  return peerFailed(holder, new Error(`it answered ${String(answer.statusCode)}`));
}

/** For an answer whose body nobody wants. A short one is read to its end, so that the connection can be kept. */
export function letGo(answer: IncomingMessage): void {
  if (Number(answer.headers["content-length"] ?? Infinity) <= shortBodyBytes) answer.resume();
  else answer.destroy();
}

export async function wholeBody(
  answer: IncomingMessage,
  asked: { holder: NodeId; signal: AbortSignal; limitBytes: number },
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of bodyOf(answer, asked)) {
    bytes += part.length;
    if (bytes > asked.limitBytes) throw peerFailed(asked.holder, new Error("it answered with too many bytes"));
    parts.push(part);
  }
  return Buffer.concat(parts, bytes);
}
