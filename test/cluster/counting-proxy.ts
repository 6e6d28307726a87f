// A way to a node that counts what goes there, at a pace that leaves time to do something in the middle.
import { createServer, connect } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const beatMs = 20;

export class CountingProxy implements AsyncDisposable {
  /** Bytes that clients sent and the node was given. */
  received = 0;
  readonly url: string;
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #bytesPerBeat: number;
  readonly #open = new Set<Socket>();

  private constructor(server: Server, target: URL, bytesPerSecond: number) {
    this.#server = server;
    this.#target = { host: target.hostname, port: Number(target.port) };
    this.#bytesPerBeat = (bytesPerSecond * beatMs) / 1000;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("connection", (client: Socket) => {
      this.#join(client);
    });
  }

  static async start(targetUrl: string, bytesPerSecond: number): Promise<CountingProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new CountingProxy(server, new URL(targetUrl), bytesPerSecond);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const node = connect(this.#target);
    for (const socket of [client, node]) {
      this.#open.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        this.#open.delete(socket);
        client.destroy();
        node.destroy();
      });
    }
    node.pipe(client);
    this.#pump(client, node).catch(() => client.destroy());
  }

  async #pump(client: Socket, node: Socket): Promise<void> {
    let allowance = this.#bytesPerBeat;
    for await (const part of client as AsyncIterable<Buffer>) {
      if (!node.write(part)) await new Promise((resolve) => node.once("drain", resolve).once("close", resolve));
      this.received += part.length;
      allowance -= part.length;
      if (allowance > 0) continue;
      await delay(beatMs);
      allowance = this.#bytesPerBeat;
    }
    node.end();
  }
}
