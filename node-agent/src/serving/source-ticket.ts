// The right to send one source to one node, or to fetch it from there: a JWT that the control plane signed (ES256),
// checked on every request. Whom it is for says which of the two: what opens the one does not open the other.
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

const uploadClaims = z.object({
  sub: z.string().refine((text) => isId("asset", text)),
  bytes: z.number().int().positive(),
  sha256: z.string().refine(isSha256),
  exp: z.number(),
});
const downloadClaims = uploadClaims.extend({ name: z.string().max(1024) });

/** @throws VsError unauthenticated, token_invalid, token_expired, forbidden for another node's ticket, unavailable */
export async function checkUploadTicket(authorization: string | undefined, deps: TicketDeps): Promise<Ticket> {
  const hint = "Run vsctl ingest again: it asks for a new ticket and goes on where it was";
  const use = { name: "upload", audience: deps.nodeId, hint, claims: uploadClaims } as const;
  const { sub, bytes, sha256 } = await claimsOf(authorization, deps, use);
  return { assetId: sub, bytes, sha256 };
}

/** The same of one to fetch a source. Gives also what the source is called. */
export async function checkDownloadTicket(
  authorization: string | undefined,
  deps: TicketDeps,
): Promise<Ticket & { readonly name: string }> {
  const hint = "Run vsctl assets download again: it asks for a new ticket and goes on where it was";
  const use = { name: "download", audience: `download:${deps.nodeId}`, hint, claims: downloadClaims } as const;
  const { sub, bytes, sha256, name } = await claimsOf(authorization, deps, use);
  return { assetId: sub, bytes, sha256, name };
}

interface Use<Claims> {
  readonly name: "upload" | "download";
  readonly audience: string;
  readonly hint: string;
  readonly claims: z.ZodType<Claims>;
}

async function claimsOf<Claims>(
  authorization: string | undefined,
  deps: TicketDeps,
  { name, audience, hint, claims }: Use<Claims>,
): Promise<Claims> {
  const token = /^Bearer ([\w.-]+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) throw new VsError("unauthenticated", `to ${name} a source needs a ticket`, { hint });
  const pem = deps.getTicketKey();
  if (pem === null) {
    throw new VsError("unavailable", "this node has not reached its control plane yet and cannot check tickets");
  }
  const { payload } = await jwtVerify(token, await importSPKI(pem, "ES256"), {
    algorithms: ["ES256"],
    audience,
    currentDate: new Date(deps.clock.now()),
  }).catch((cause: unknown) => {
    throw refusal(cause, name, hint);
  });
  const checked = claims.safeParse(payload);
  if (checked.success) return checked.data;
  throw new VsError("token_invalid", `the ${name} ticket lacks what it should say`, { hint });
}

function refusal(cause: unknown, name: string, hint: string): VsError {
  if (cause instanceof errors.JWTExpired) {
    return new VsError("token_expired", `the ${name} ticket has expired`, { hint, cause });
  }
  if (cause instanceof errors.JWTClaimValidationFailed && cause.claim === "aud") {
    return new VsError("forbidden", `the ticket is not for this ${name}, or for another node`, { hint, cause });
  }
  return new VsError("token_invalid", `the ${name} ticket is not one of this cluster`, { hint, cause });
}
