// What a request's headers ask of a representation: nothing if it is unchanged, a part of it, or it compressed.
// RFC 9110, sections 12.5.3, 13.1 and 14.
import type { IncomingHttpHeaders } from "node:http";

export type ByteSelection =
  | { readonly kind: "whole" }
  /** Bytes [start, end). */
  | { readonly kind: "part"; readonly start: number; readonly end: number }
  | { readonly kind: "unsatisfiable" };

const whole: ByteSelection = { kind: "whole" };

/** Whether the client has the representation with this ETag already. Weak comparison (13.1.2). */
export function isUnchanged(headers: IncomingHttpHeaders, etag: string): boolean {
  const known = headers["if-none-match"];
  if (known === undefined) return false;
  if (known.trim() === "*") return true;
  return known.split(",").some((one) => one.trim().replace(/^W\//, "") === etag);
}

/**
 * The part that a GET asks for. What is not one range of bytes, or is said of another version (If-Range), means the
 * whole: a server may ignore Range (14.2), and many ranges in one request are an old way to tire a server.
 */
export function selectBytes(headers: IncomingHttpHeaders, etag: string, sizeBytes: number): ByteSelection {
  const { range } = headers;
  if (range === undefined) return whole;
  // Strong comparison; a date never proves bytes (13.1.5).
  if (headers["if-range"] !== undefined && headers["if-range"] !== etag) return whole;
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(range.trim());
  if (match === null) return whole;
  const [, first = "", last = ""] = match;
  if (first === "") return last === "" ? whole : suffix(Number(last), sizeBytes);
  const start = Number(first);
  const end = last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (last !== "" && Number(last) < start) return whole;
  return start >= sizeBytes ? { kind: "unsatisfiable" } : { kind: "part", start, end };
}

function suffix(length: number, sizeBytes: number): ByteSelection {
  if (length === 0 || sizeBytes === 0) return { kind: "unsatisfiable" };
  return { kind: "part", start: Math.max(0, sizeBytes - length), end: sizeBytes };
}

/** Whether gzip may be sent (12.5.3): named, or covered by *, and not with a quality of 0. */
export function acceptsGzip(headers: IncomingHttpHeaders): boolean {
  const accepted = headers["accept-encoding"];
  if (typeof accepted !== "string") return false;
  const qualities = new Map(accepted.toLowerCase().split(",").map(codingAndQuality));
  return (qualities.get("gzip") ?? qualities.get("x-gzip") ?? qualities.get("*") ?? 0) > 0;
}

function codingAndQuality(item: string): [string, number] {
  const [coding = "", ...parameters] = item.split(";").map((part) => part.trim());
  const quality = parameters.find((parameter) => parameter.startsWith("q="));
  return [coding, quality === undefined ? 1 : Number(quality.slice(2)) || 0];
}
