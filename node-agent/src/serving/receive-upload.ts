// Sources come in at /uploads by tus 1.0, with a ticket on every request. The upload's id is the asset's: a second
// creation is the same upload, and a finished one stays finished, so that a client that lost the answer can ask again.
import type { IncomingMessage } from "node:http";
import { Server } from "@tus/server";
import { VsError } from "@vstream/core/errors.ts";
import type { ErrorCode } from "@vstream/core/errors.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import { errorReply, statusOf } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Answer, Call } from "./routes.ts";
import { checkUploadTicket } from "./source-ticket.ts";
import type { Ticket, TicketDeps } from "./source-ticket.ts";
import { uploadFailure } from "./upload-files.ts";
import type { Uploads } from "./uploads.ts";

/** How long hashing and storing a whole upload may keep its connection silent. */
const finishLimitMs = 15 * 60_000;

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  404: "not_found",
  410: "not_found",
  412: "invalid_argument",
  413: "source_too_large",
};

export function receiveUploads(uploads: Uploads, tickets: TicketDeps): Answer {
  const accepted: AcceptedCalls = new WeakMap();
  const tus = tusServer(uploads, accepted);
  return async (call) => {
    const { request, response } = call;
    if (request.method !== "OPTIONS") {
      const ticket = await checkUploadTicket(request.headers.authorization, tickets);
      const reply = await answerOurselves(uploads, call, ticket);
      if (reply !== null) return reply;
      accepted.set(request, { request, ticket });
    }
    await tus.handle(request, response);
    return null;
  };
}

function tusServer(uploads: Uploads, accepted: AcceptedCalls): Server {
  const callOf = (request: TusRequest): AcceptedCall => {
    const call = accepted.get(request.runtime?.node?.req ?? request);
    if (call === undefined) throw new VsError("internal", "an upload without a ticket");
    return call;
  };
  return new Server({
    path: "/uploads",
    datastore: uploads.files,
    locker: uploads.locker,
    relativeLocation: true,
    lockDrainTimeout: 1_000,
    namingFunction: (request) => callOf(request).ticket.assetId,
    // What the client says of itself is not kept.
    onUploadCreate: (request) => Promise.resolve({ metadata: { sha256: callOf(request).ticket.sha256 } }),
    onUploadFinish: async (request, upload) => {
      callOf(request).request.socket.setTimeout(finishLimitMs);
      try {
        await uploads.finish(upload.id as AssetId);
        return {};
      } catch (thrown) {
        const { status, headers, body } = replyFor(thrown);
        return { status_code: status, headers, body: textOf(body) };
      }
    },
    onResponseError: async (request, thrown) => {
      const { status, body } = replyFor(thrown);
      // What the disk could not take whole, it need not keep in part.
      if (status === statusOf("storage_full")) await uploads.remove(callOf(request).ticket.assetId);
      return { status_code: status, body: textOf(body) };
    },
  });
}

// Errors are whole; only media comes while it is still fetched.
function textOf(body: Reply["body"]): string {
  return Buffer.isBuffer(body) ? body.toString() : "";
}

/** What tus gives to its hooks: a web request that knows the one of Node. */
interface TusRequest {
  readonly runtime?: { readonly node?: { readonly req: object } | undefined } | undefined;
}

interface AcceptedCall {
  readonly request: IncomingMessage;
  readonly ticket: Ticket;
}

/** By the request of Node. */
type AcceptedCalls = WeakMap<object, AcceptedCall>;

/** Null: tus goes on. */
async function answerOurselves(uploads: Uploads, call: Call, ticket: Ticket): Promise<Reply | null> {
  const { request, parts } = call;
  const named = parts["upload"];
  if (request.method === "POST") return named === undefined ? await create(uploads, call, ticket) : notThisWay();
  if (named === undefined) return notThisWay();
  if (named !== ticket.assetId) {
    throw new VsError("forbidden", "the upload ticket is for another asset", { hint: "Ask for a ticket of its own" });
  }
  const upload = await uploads.files.find(ticket.assetId);
  // The agent ended between the last byte and its answer.
  const isLeft = upload !== null && upload.offset === upload.bytes && !uploads.isTakenIn(ticket.assetId);
  if (request.method === "HEAD" && isLeft) {
    request.socket.setTimeout(finishLimitMs);
    await uploads.finish(ticket.assetId);
  }
  if (uploads.isTakenIn(ticket.assetId)) {
    return request.method === "HEAD" ? progressReply(200, ticket, upload?.offset ?? 0) : takenInReply(ticket);
  }
  if (!uploads.isFinished(ticket.assetId)) {
    if (request.method === "DELETE") await uploads.remove(ticket.assetId);
    return request.method === "DELETE" ? { status: 204, headers: { "tus-resumable": "1.0.0" }, body: null } : null;
  }
  return progressReply(request.method === "HEAD" ? 200 : 204, ticket, ticket.bytes);
}

async function create(uploads: Uploads, call: Call, ticket: Ticket): Promise<Reply | null> {
  const { request } = call;
  if (request.headers["upload-length"] !== String(ticket.bytes)) {
    throw new VsError("invalid_argument", `Upload-Length must be the ticket's: ${String(ticket.bytes)}`);
  }
  const finished = uploads.isFinished(ticket.assetId);
  const upload = finished ? null : await uploads.files.find(ticket.assetId);
  const isSame = upload?.bytes === ticket.bytes && upload.sha256 === ticket.sha256;
  if (finished || isSame) return progressReply(201, ticket, finished ? ticket.bytes : (upload?.offset ?? 0));
  if (uploads.isTakenIn(ticket.assetId)) return takenInReply(ticket);
  if (upload !== null) await uploads.remove(ticket.assetId);
  uploads.reserve(ticket);
  return null;
}

// This node reads it from its own disk: what is sent meanwhile would be written over that.
function takenInReply({ assetId }: Ticket): Reply {
  const message = `the source of asset ${assetId} is being taken in from a folder that this node watches`;
  return errorReply(423, { code: "unavailable", message, hint: "Nothing need be sent: wait for the asset" });
}

function progressReply(status: number, ticket: Ticket, offset: number): Reply {
  const location: Record<string, string> = status === 201 ? { location: `/uploads/${ticket.assetId}` } : {};
  return {
    status,
    headers: {
      "tus-resumable": "1.0.0",
      "cache-control": "no-store",
      "upload-offset": String(offset),
      "upload-length": String(ticket.bytes),
      ...location,
    },
    body: null,
  };
}

function notThisWay(): never {
  throw new VsError("not_found", "uploads are created at /uploads and go on at their own URL");
}

function replyFor(thrown: unknown): Reply {
  if (isTusError(thrown)) {
    // Two clients may send the same upload: what the one gets for the other's progress is no verdict on the source.
    const isPassing = [400, 409, 423, 500].includes(thrown.status_code);
    const code = isPassing ? "unavailable" : (codeOfStatus[thrown.status_code] ?? "invalid_argument");
    return errorReply(thrown.status_code, { code, message: thrown.body.trim(), hint: "" });
  }
  const error = uploadFailure(thrown);
  return errorReply(statusOf(error.code), error.toFailure());
}

// The package throws plain objects.
function isTusError(thrown: unknown): thrown is { status_code: number; body: string } {
  return typeof thrown === "object" && thrown !== null && "status_code" in thrown && "body" in thrown;
}
