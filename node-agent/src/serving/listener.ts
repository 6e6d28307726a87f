// The bare HTTP server: its limits, how it starts, refuses garbage, and stops.
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { VsError } from "@vstream/core/errors.ts";

export const httpLimits = {
  headerBytes: 16 * 1024,
  headerCount: 64,
  pathLength: 2048,
  headersMs: 10_000,
  /** A connection on which nothing moves, in either direction: slow readers too. */
  idleMs: 30_000,
  keepAliveMs: 15_000,
  connections: 4096,
  /** How long running answers have when the server stops. */
  stopMs: 10_000,
} as const;

export function createLimitedServer(): Server {
  const server = createServer({
    maxHeaderSize: httpLimits.headerBytes,
    headersTimeout: httpLimits.headersMs,
    // An upload may take hours; one that stands still is ended by the idle limit.
    requestTimeout: 0,
    keepAliveTimeout: httpLimits.keepAliveMs,
    connectionsCheckingInterval: 2_000,
    noDelay: true,
  });
  server.maxHeadersCount = httpLimits.headerCount;
  server.maxConnections = httpLimits.connections;
  server.setTimeout(httpLimits.idleMs);
  server.on("clientError", refuseGarbage);
  return server;
}

/** @throws VsError port_taken, invalid_config when the address is none of this machine */
export async function listening(server: Server, listen: { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const code = cause.code === "EADDRINUSE" || cause.code === "EACCES" ? "port_taken" : "invalid_config";
      reject(
        new VsError(code, `cannot listen on ${listen.host}:${String(listen.port)}: ${cause.message}`, {
          hint: "Set playbackListen to an address of this machine and a port that is free",
          cause,
        }),
      );
    });
    server.listen(listen, resolve);
  });
}

/** Takes no new connections, lets running answers end within a limit. */
export async function stop(server: Server): Promise<void> {
  const limit = setTimeout(() => {
    server.closeAllConnections();
  }, httpLimits.stopMs);
  // A connection that is kept alive turns idle only after its answer.
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, 50);
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  clearInterval(sweep);
  clearTimeout(limit);
}

function refuseGarbage(error: NodeJS.ErrnoException, socket: NodeJS.Socket & Partial<Socket>): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy?.();
    return;
  }
  const status =
    { HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large", ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout" }[
      error.code ?? ""
    ] ?? "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
