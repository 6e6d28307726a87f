// The playback listener: finds the route of a request, and turns what its answer gives or throws into a response. It
// knows nothing of assets.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { Logger } from "@vstream/core/log.ts";
import { createLimitedServer, httpLimits, listening, stop } from "./listener.ts";
import { errorReply, plainErrorReply, send, statusOf } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Call, Route } from "./routes.ts";

const shared = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Content-Length, Content-Range, Accept-Ranges, Date, ETag, Retry-After",
  "cross-origin-resource-policy": "cross-origin",
  "timing-allow-origin": "*",
};
const preflight = {
  "access-control-allow-methods": "GET, HEAD, OPTIONS",
  "access-control-allow-headers": "Range, If-Range, If-None-Match, Accept-Encoding, Content-Type",
  "access-control-max-age": "86400",
};

export interface HttpServerDeps {
  readonly listen: { readonly host: string; readonly port: number };
  readonly routes: readonly Route[];
  readonly log: Logger;
  /** Told of every answer, when it has ended or its client has gone. */
  readonly onAnswered: (answered: Answered) => void;
  readonly onConnection: (socket: Socket) => void;
}

export interface Answered {
  readonly route: string;
  /** The named parts of the path. */
  readonly parts: Readonly<Record<string, string>>;
  readonly response: ServerResponse;
}

export interface HttpServer extends AsyncDisposable {
  readonly address: AddressInfo;
}

/** @throws VsError port_taken when the port cannot be had */
export async function openHttpServer(deps: HttpServerDeps): Promise<HttpServer> {
  const server = createLimitedServer();
  server.on("connection", deps.onConnection);
  server.on("request", (request, response) => void answer(deps, request, response));
  await listening(server, deps.listen);
  return {
    address: server.address() as AddressInfo,
    [Symbol.asyncDispose]: () => stop(server),
  };
}

async function answer(deps: HttpServerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(request.url ?? "");
  const route = path === null ? undefined : deps.routes.find((candidate) => candidate.pattern.test(path));
  const parts = (path === null ? null : route?.pattern.exec(path))?.groups ?? {};
  response.once("close", () => {
    deps.onAnswered({ route: route?.name ?? "none", parts, response });
  });
  response.setHeader("x-content-type-options", "nosniff");
  if (route?.shared === true) for (const [name, value] of Object.entries(shared)) response.setHeader(name, value);
  let reply: Reply | null;
  try {
    if (path === null) throw new VsError("invalid_argument", "the path is too long, or none");
    if (route === undefined) throw new VsError("not_found", "nothing is served at this path");
    reply = await replyOf(route, { parts, request, response });
  } catch (thrown) {
    reply = replyForError(deps, thrown, { request, forPeople: route?.forPeople === true });
  }
  if (reply !== null && !response.headersSent && !response.destroyed) send(request, response, reply);
}

async function replyOf(route: Route, call: Call): Promise<Reply | null> {
  const { request, response } = call;
  const method = request.method ?? "";
  const allow = route.methods.includes("OPTIONS") ? route.methods : [...route.methods, "OPTIONS"];
  if (!allow.includes(method)) {
    const failure = new VsError("usage", `${method} is not for this path`, { hint: `Use ${allow.join(", ")}` });
    const reply = errorReply(405, failure.toFailure());
    return { ...reply, headers: { ...reply.headers, allow: allow.join(", ") } };
  }
  if (!route.methods.includes(method)) {
    return { status: 204, headers: { allow: allow.join(", "), ...(route.shared ? preflight : {}) }, body: null };
  }
  if (!route.methods.includes("POST") && hasBody(request)) {
    // Nobody will read it: the connection goes with it.
    response.setHeader("connection", "close");
    throw new VsError("invalid_argument", "this path takes no body");
  }
  return await route.answer(call);
}

function replyForError(
  deps: HttpServerDeps,
  thrown: unknown,
  asked: { request: IncomingMessage; forPeople: boolean },
): Reply {
  const error = asVsError(thrown);
  const status = statusOf(error.code);
  if (status === 500) deps.log.error({ err: error, path: asked.request.url }, "answering failed");
  const internal = { code: error.code, message: "an internal error; the agent's log has more", hint: "" };
  const failure = status === 500 ? internal : error.toFailure();
  const asText = asked.forPeople && (asked.request.headers.accept ?? "").includes("text/");
  return asText ? plainErrorReply(status, failure) : errorReply(status, failure);
}

// Origin form, or absolute form as proxies send it (RFC 9112 3.2).
function pathOf(target: string): string | null {
  const [path = ""] = target.replace(/^https?:\/\/[^/?#]*/i, "").split("?", 1);
  return path.startsWith("/") && path.length <= httpLimits.pathLength ? path : null;
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;
}
