// A node that takes uploads by tus, for tests: in memory, and as faulty as a test wants it.
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface NodeFaults {
  /** Answers with this instead, as often as is said. */
  status?: { code: number; body?: string; times: number };
  /** Breaks the connection when it has taken so many bytes of a request, once. */
  breakAfterBytes?: number;
  /** Reads no more of a request when so many bytes have arrived in all, until the client is gone. */
  holdAfterBytes?: number;
  /** Called when so many bytes have arrived in all. */
  onBytes?: (bytes: number) => void;
}

export class FakeNode implements AsyncDisposable {
  readonly url: string;
  readonly faults: NodeFaults;
  /** What arrived, of the one asset that is uploaded. */
  readonly parts: Buffer[] = [];
  /** Bytes of all requests' bodies. */
  received = 0;
  readonly #server: Server;
  #length = -1;
  #held = 0;

  private constructor(server: Server, faults: NodeFaults) {
    this.#server = server;
    this.faults = faults;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/uploads`;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  static async start(assetId: string, faults: NodeFaults = {}): Promise<FakeNode> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const node = new FakeNode(server, faults);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      node.#answer(request, { response, assetId }).catch(() => response.destroy());
    });
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(
    request: IncomingMessage,
    { response, assetId }: { response: ServerResponse; assetId: string },
  ): Promise<void> {
    response.setHeader("tus-resumable", "1.0.0");
    const { status } = this.faults;
    if (status !== undefined && status.times > 0) {
      status.times -= 1;
      response.writeHead(status.code).end(status.body ?? "");
      return;
    }
    switch (request.method) {
      case "POST":
        this.#length = Number(request.headers["upload-length"]);
        response.writeHead(201, { location: `/uploads/${assetId}` }).end();
        return;
      case "HEAD":
        if (this.#length < 0) response.writeHead(404).end();
        else response.writeHead(200, { "upload-offset": this.#held, "upload-length": this.#length }).end();
        return;
      default:
        await this.#take(request);
        response.writeHead(204, { "upload-offset": this.#held }).end();
    }
  }

  async #take(request: IncomingMessage): Promise<void> {
    for await (const part of request as AsyncIterable<Buffer>) {
      this.received += part.length;
      this.#held += part.length;
      this.parts.push(part);
      this.faults.onBytes?.(this.received);
      if (this.received >= (this.faults.holdAfterBytes ?? Infinity)) {
        await new Promise((resolve) => request.socket.once("close", resolve));
        throw new Error("the client is gone");
      }
      if (this.faults.breakAfterBytes !== undefined && this.received >= this.faults.breakAfterBytes) {
        delete this.faults.breakAfterBytes;
        request.destroy();
        throw new Error("the connection breaks");
      }
    }
  }
}
