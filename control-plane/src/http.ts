// What monitoring asks the control plane over HTTP: /healthz (the process answers), /readyz (it can do its work),
// /metrics. Nothing here changes anything, and nothing tells more than counts.
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { asVsError } from "@vstream/core/errors.ts";
import type { Logger } from "@vstream/core/log.ts";
import { listenFailure } from "./listen-address.ts";
import type { ListenAddress } from "./listen-address.ts";
import type { Metrics } from "./metrics.ts";

const limits = { connections: 256, headersMs: 5_000, requestMs: 10_000, keepAliveMs: 5_000, headers: 64 };

export interface HttpDeps {
  readonly address: ListenAddress;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Each part of readiness by name, and whether it holds. */
  checkReadiness(): Promise<Readonly<Record<string, boolean>>>;
}

export interface HttpListener extends AsyncDisposable {
  readonly port: number;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** @throws VsError port_taken, invalid_config */
export async function openHttp(deps: HttpDeps): Promise<HttpListener> {
  const server = createServer(
    { headersTimeout: limits.headersMs, requestTimeout: limits.requestMs, keepAliveTimeout: limits.keepAliveMs },
    (request, response) => {
      answer(deps, request)
        .catch((thrown: unknown) => {
          deps.log.error({ err: asVsError(thrown), url: request.url }, "request failed");
          return plain(500, "an internal error\n");
        })
        .then((given) => {
          write(request, response, given);
        })
        .catch(() => {
          response.destroy();
        });
    },
  );
  server.maxConnections = limits.connections;
  server.maxHeadersCount = limits.headers;
  await listen(server, deps.address);
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      server.close(() => {
        resolve(undefined);
      });
      server.closeAllConnections();
      await promise;
    },
  };
}

async function answer(deps: HttpDeps, request: IncomingMessage): Promise<Answer> {
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const paths: Record<string, () => Promise<Answer>> = {
    "/healthz": async () => await Promise.resolve(plain(200, "ok\n")),
    "/readyz": async () => await readiness(deps),
    "/metrics": async () => ({ status: 200, contentType: deps.metrics.contentType, text: await deps.metrics.read() }),
  };
  const found = Object.hasOwn(paths, path) ? paths[path] : undefined;
  if (found === undefined) return plain(404, "there is nothing here; try /healthz, /readyz or /metrics\n");
  if (request.method !== "GET" && request.method !== "HEAD") return plain(405, "only GET and HEAD\n");
  return await found();
}

async function readiness(deps: HttpDeps): Promise<Answer> {
  const checks = await deps.checkReadiness();
  const ready = Object.values(checks).every((holds) => holds);
  return { status: ready ? 200 : 503, contentType: "application/json", text: `${JSON.stringify({ ready, checks })}\n` };
}

function plain(status: number, text: string): Answer {
  return { status, contentType: "text/plain; charset=utf-8", text };
}

function write(request: IncomingMessage, response: ServerResponse, given: Answer): void {
  const body = Buffer.from(given.text);
  response.writeHead(given.status, {
    "Content-Type": given.contentType,
    "Content-Length": body.length,
    "Cache-Control": "no-store",
    ...(given.status === 405 ? { Allow: "GET, HEAD" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : body);
  // A body that came along is not read.
  if (!request.complete) request.resume();
}

async function listen(server: Server, address: ListenAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const fail = (cause: Error): void => {
    reject(listenFailure(address, cause));
  };
  server.once("error", fail);
  server.listen(address.port, address.host, () => {
    server.off("error", fail);
    resolve(undefined);
  });
  await promise;
}
