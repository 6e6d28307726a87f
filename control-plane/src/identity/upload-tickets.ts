// Tickets for uploads: the right to send one source, of one size and hash, to one node, for a day. Agents check them
// with the public key alone, so that an upload needs no word with the control plane.
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

export interface UploadRight {
  readonly assetId: AssetId;
  readonly nodeId: NodeId;
  readonly bytes: number;
  readonly sha256: Sha256;
}

export interface UploadTickets {
  /** Subject public key info, PEM; what nodes check tickets with. */
  readonly publicKeyPem: string;
  issue(right: UploadRight): Promise<{ token: string; expiresAt: number }>;
}

/** @throws VsError data_folder_unusable when the kept key cannot be read */
export async function openUploadTickets(deps: { folder: string; clock: Clock }): Promise<UploadTickets> {
  const key = await openKey(join(deps.folder, "ticket-key.pem"));
  const signingKey = createPrivateKey(key.privatePem);
  return {
    publicKeyPem: await publicPemOf(key),
    async issue({ assetId, nodeId, bytes, sha256 }) {
      const issuedSeconds = Math.floor(deps.clock.now() / 1000);
      const endSeconds = issuedSeconds + ticketMs / 1000;
      const token = await new SignJWT({ bytes, sha256 })
        .setProtectedHeader({ alg: "ES256" })
        .setSubject(assetId)
        .setAudience(nodeId)
        .setIssuedAt(issuedSeconds)
        .setExpirationTime(endSeconds)
        .sign(signingKey);
      return { token, expiresAt: endSeconds * 1000 };
    },
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
    throw new VsError("data_folder_unusable", `${path} is not a key that signs upload tickets`, {
      hint: "Put it back from a backup, or move it away: unfinished uploads then need a new ticket",
      cause,
    });
  }
}
