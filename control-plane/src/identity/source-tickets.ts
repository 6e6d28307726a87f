// Tickets for sources: the right to send one source, of one size and hash, to one node, or to fetch it from there, for a
// day. Agents check them with the public key alone, so that neither needs a word with the control plane.
import { createPrivateKey } from "node:crypto";
import { join } from "node:path";
import { SignJWT } from "jose";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId, NodeId, Sha256 } from "@vstream/core/ids.ts";
import { readPrivate, writeDurably } from "./durable-file.ts";
import { makeSigningKey, publicPemOf, readSigningKey } from "./signing.ts";
import type { SigningKey } from "./signing.ts";

export const ticketMs = 24 * 60 * 60_000;

export interface SourceRight {
  readonly assetId: AssetId;
  readonly nodeId: NodeId;
  readonly bytes: number;
  readonly sha256: Sha256;
}

export interface Ticket {
  readonly token: string;
  readonly expiresAt: number;
}

export interface SourceTickets {
  /** Subject public key info, PEM; what nodes check tickets with. */
  readonly publicKeyPem: string;
  issueUpload(right: SourceRight): Promise<Ticket>;
  /** @param right.name what the source is called where it is saved */
  issueDownload(right: SourceRight & { readonly name: string }): Promise<Ticket>;
}

/** @throws VsError data_folder_unusable when the kept key cannot be read */
export async function openSourceTickets(deps: { folder: string; clock: Clock }): Promise<SourceTickets> {
  const key = await openKey(join(deps.folder, "ticket-key.pem"));
  const signingKey = createPrivateKey(key.privatePem);
  const issue = async (
    { assetId, bytes, sha256 }: SourceRight,
    { audience, ...more }: { readonly audience: string; readonly name?: string },
  ): Promise<Ticket> => {
    const issuedSeconds = Math.floor(deps.clock.now() / 1000);
    const endSeconds = issuedSeconds + ticketMs / 1000;
    const token = await new SignJWT({ bytes, sha256, ...more })
      .setProtectedHeader({ alg: "ES256" })
      .setSubject(assetId)
      .setAudience(audience)
      .setIssuedAt(issuedSeconds)
      .setExpirationTime(endSeconds)
      .sign(signingKey);
    return { token, expiresAt: endSeconds * 1000 };
  };
  return {
    publicKeyPem: await publicPemOf(key),
    issueUpload: async (right) => await issue(right, { audience: right.nodeId }),
    // Not the node alone: what opens the one must not open the other, at no version of an agent.
    issueDownload: async (right) => await issue(right, { audience: `download:${right.nodeId}`, name: right.name }),
  };
}

async function openKey(path: string): Promise<SigningKey> {
  const kept = await readPrivate(path);
  if (kept === null) {
    const key = await makeSigningKey();
    await writeDurably(path, key.privatePem);
    return key;
  }
  try {
    return await readSigningKey(kept);
  } catch (cause) {
    throw new VsError("data_folder_unusable", `${path} is not a key that signs tickets`, {
      hint: "Put it back from a backup, or move it away: unfinished uploads then need a new ticket",
      cause,
    });
  }
}
