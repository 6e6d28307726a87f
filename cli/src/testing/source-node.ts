// A node that gives a source back, for tests: in memory, and as faulty as a test wants it.
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SourceFaults {
  /** Answers with this instead, as often as is said. */
  status?: { code: number; body?: string; times: number };
  /** Breaks the connection after so many bytes of an answer, once. */
  breakAfterBytes?: number;
  /** Gives so many bytes of an answer, and then no more. */
  holdAfterBytes?: number;
  /** What it says that it gives. */
  etag?: string;
}

export class SourceNode implements AsyncDisposable {
  readonly url: string;
  readonly faults: SourceFaults;
  /** What was asked for: the Range header, or "whole". */
  readonly asked: string[] = [];
  readonly tokens: string[] = [];
  readonly #server: Server;
  readonly #source: { readonly bytes: Buffer; readonly sha256: string };

  private constructor(server: Server, source: { bytes: Buffer; sha256: string }, faults: SourceFaults) {
    this.#server = server;
    this.#source = source;
    this.faults = faults;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sources/x`;
  }

  static async start(source: { bytes: Buffer; sha256: string }, faults: SourceFaults = {}): Promise<SourceNode> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const node = new SourceNode(server, source, faults);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      node.#answer(request, response);
    });
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer({ headers }: IncomingMessage, response: ServerResponse): void {
    const { status, breakAfterBytes, holdAfterBytes } = this.faults;
    this.asked.push(headers.range ?? "whole");
    this.tokens.push(headers.authorization ?? "");
    if (status !== undefined && status.times > 0) {
      status.times -= 1;
      response.writeHead(status.code).end(status.body ?? "");
      return;
    }
    const { bytes } = this.#source;
    const etag = this.faults.etag ?? `"${this.#source.sha256}"`;
    const isContinued = headers["if-range"] === undefined || headers["if-range"] === etag;
    const from = isContinued ? Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0) : 0;
    const range = { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(from === 0 ? 200 : 206, {
      ...{ etag, "content-length": bytes.length - from },
      ...(from === 0 ? {} : range),
    });
    const rest = bytes.subarray(from);
    const most = Math.min(breakAfterBytes ?? Infinity, holdAfterBytes ?? Infinity);
    if (most >= rest.length) {
      response.end(rest);
      return;
    }
    delete this.faults.breakAfterBytes;
    response.write(rest.subarray(0, most), () => {
      if (breakAfterBytes !== undefined) setTimeout(() => response.destroy(), 50);
    });
  }
}
