// The right to upload one source to one node: a JWT that the control plane signed (ES256), checked on every request.
import { errors, importSPKI, jwtVerify } from "jose";
import { z } from "zod";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { isId, isSha256 } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, Sha256 } from "@vstream/core/ids.ts";

export interface Ticket {
  readonly assetId: AssetId;
  readonly bytes: number;
  readonly sha256: Sha256;
}

export interface TicketDeps {
  readonly nodeId: NodeId;
  /** The control plane's public key (SPKI, PEM), or null while this node has not heard from it. */
  readonly getTicketKey: () => string | null;
  readonly clock: Clock;
}

const claims = z.object({
  sub: z.string().refine((text) => isId("asset", text)),
  bytes: z.number().int().positive(),
  sha256: z.string().refine(isSha256),
  exp: z.number(),
});

const hint = "Run vsctl ingest again: it asks for a new ticket and goes on where it was";

/** @throws VsError unauthenticated, token_invalid, token_expired, forbidden for another node's ticket, unavailable */
export async function checkTicket(authorization: string | undefined, deps: TicketDeps): Promise<Ticket> {
  const token = /^Bearer ([\w.-]+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) throw new VsError("unauthenticated", "an upload needs a ticket", { hint });
  const pem = deps.getTicketKey();
  if (pem === null) {
    throw new VsError("unavailable", "this node has not reached its control plane yet and cannot check tickets");
  }
  const { payload } = await jwtVerify(token, await importSPKI(pem, "ES256"), {
    algorithms: ["ES256"],
    audience: deps.nodeId,
    currentDate: new Date(deps.clock.now()),
  }).catch((cause: unknown) => {
    throw refusal(cause);
  });
  const checked = claims.safeParse(payload);
  if (!checked.success) throw new VsError("token_invalid", "the upload ticket lacks what it should say", { hint });
  const { sub, bytes, sha256 } = checked.data;
  return { assetId: sub, bytes, sha256 };
}

function refusal(cause: unknown): VsError {
  if (cause instanceof errors.JWTExpired) {
    return new VsError("token_expired", "the upload ticket has expired", { hint, cause });
  }
  if (cause instanceof errors.JWTClaimValidationFailed && cause.claim === "aud") {
    return new VsError("forbidden", "the upload ticket is for another node", { hint, cause });
  }
  return new VsError("token_invalid", "the upload ticket is not one of this cluster", { hint, cause });
}
