// For tests: serves the files of a stream on loopback as an agent does, and as faulty as a test wants it. What stands
// below a pathway's name is the same files.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { testCertificatePem, testKeyPem } from "../testing/test-certificate.ts";

export interface ServedStream {
  files: Map<string, Buffer>;
  /** Answers by itself when it gives true. */
  answer?: (path: string, response: ServerResponse) => boolean;
  gzip: boolean;
  vary: boolean;
  /** Null: none. */
  tag: ((encoding: string) => string) | null;
  types: Record<string, string>;
  ranges: boolean;
  /** Null: without TLS. */
  tlsVersion: "TLSv1.1" | "TLSv1.3" | null;
}

export function served(files: ReadonlyMap<string, Buffer>): ServedStream {
  return {
    files: new Map(files),
    gzip: true,
    vary: true,
    tag: (encoding) => `"tag-${encoding}"`,
    types: {
      m3u8: "application/vnd.apple.mpegurl",
      mp4: "video/mp4",
      m4s: "video/iso.segment",
      vtt: "text/vtt",
      mpd: "application/dash+xml",
      steering: "application/vnd.apple.steering-list",
    },
    ranges: true,
    tlsVersion: null,
  };
}

export class SampleServer implements AsyncDisposable {
  readonly origin: string;
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor(server: Server, stream: ServedStream) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.origin = `${stream.tlsVersion === null ? "http" : "https"}://127.0.0.1:${port}`;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      this.asked.push(request.url ?? "");
      answer(request, response, stream);
    });
  }

  static async start(stream: ServedStream): Promise<SampleServer> {
    const server = stream.tlsVersion === null ? createServer() : createTlsServer(tlsOptions(stream.tlsVersion));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new SampleServer(server, stream);
  }

  url(path: string): string {
    return `${this.origin}/v/as/${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function tlsOptions(version: "TLSv1.1" | "TLSv1.3") {
  const pair = { cert: testCertificatePem, key: testKeyPem };
  return { ...pair, minVersion: version, maxVersion: version, ciphers: "DEFAULT@SECLEVEL=0" } as const;
}

function answer(request: IncomingMessage, response: ServerResponse, stream: ServedStream): void {
  const path = (request.url ?? "").replace(/^\/v\/as\//, "").replace(/^(one|two)\//, "");
  if (stream.answer?.(path, response) === true) return;
  const bytes = stream.files.get(path);
  if (bytes === undefined) {
    response.writeHead(404).end();
    return;
  }
  const extension = path.split(".").at(-1) ?? "";
  const isText = extension === "m3u8" || extension === "mpd";
  const isGzip = isText && stream.gzip && request.headers["accept-encoding"] === "gzip";
  response.setHeader("content-type", stream.types[extension] ?? "application/octet-stream");
  if (isText && stream.vary) response.setHeader("vary", "Accept-Encoding");
  if (isGzip) response.setHeader("content-encoding", "gzip");
  const mark = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
  if (stream.tag !== null) response.setHeader("etag", stream.tag(`${isGzip ? "gzip" : "plain"}-${mark}`));
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  if (from !== undefined && stream.ranges) response.writeHead(206).end(bytes.subarray(Number(from), Number(to) + 1));
  else response.end(isGzip ? gzipSync(bytes) : bytes);
}
