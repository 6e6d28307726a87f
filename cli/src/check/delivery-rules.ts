// Rules on how files are answered: status, type, encoding, transport. Pure.
import { finding, unless } from "@vstream/authoring/findings.ts";
import type { Finding } from "@vstream/authoring/findings.ts";

export type FileKind = "playlist" | "init" | "segment" | "text" | "steering" | "mpd";

/** The head of an answer. */
export interface AnswerHead {
  readonly url: string;
  readonly status: number;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As OpenSSL calls it; null: without TLS. */
  readonly tlsVersion: string | null;
}

const typesOf: Record<FileKind, readonly string[]> = {
  playlist: ["application/vnd.apple.mpegurl", "audio/mpegurl"],
  init: ["video/mp4", "audio/mp4"],
  segment: ["video/iso.segment", "video/mp4", "audio/mp4", "audio/iso.segment", "video/mp2t"],
  text: ["text/vtt"],
  steering: ["application/vnd.apple.steering-list", "application/json"],
  mpd: ["application/dash+xml"],
};

export function checkAnswer({ url, status, headers, tlsVersion }: AnswerHead, kind: FileKind): Finding[] {
  const oldTls = tlsVersion !== null && !/^TLSv1\.[23]$/.test(tlsVersion);
  const transport = unless(!oldTls, "Apple 12.1", url, `it came by ${tlsVersion ?? ""}`);
  if (status >= 300 && status < 400) {
    const message = `it answers ${status} and points to ${headers["location"] ?? "nowhere"}`;
    return [...transport, finding("Apple 8.18", url, message)];
  }
  if (status !== 200 && status !== 206) return [...transport, finding("Readable", url, `it answers ${status}`)];
  const type = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const message = `its type is "${type}", where ${typesOf[kind][0] ?? ""} is due`;
  return [...transport, ...unless(typesOf[kind].includes(type), "Apple 10.4", url, message)];
}

/** The answers to one who accepts gzip, and to one who does not. */
export function checkEncodings(gzipped: AnswerHead, plain: AnswerHead): Finding[] {
  const { url, headers } = gzipped;
  const encoding = headers["content-encoding"] ?? "none";
  const vary = [gzipped, plain].every((answer) => /(^|[ ,])(accept-encoding|\*)/i.test(answer.headers["vary"] ?? ""));
  const [tag, plainTag] = [headers["etag"], plain.headers["etag"]];
  const differ = encoding !== "gzip" || tag !== plainTag;
  return [
    ...unless(encoding === "gzip", "Apple 10.1", url, `its content encoding is ${encoding}`),
    ...unless(vary, "RFC 9110 12.5.5", url, "it does not say Vary: Accept-Encoding"),
    ...unless(tag !== undefined, "RFC 9110 8.8.3", url, "it has no ETag"),
    ...unless(tag === undefined || differ, "RFC 9110 8.8.3", url, `with and without gzip its ETag is ${tag ?? ""}`),
  ];
}
