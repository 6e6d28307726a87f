// Tokens as text: what is shown once, pasted by a person, and tells its owner whom it talks to.
// vst.<id>.<secret>.<hash>: the id finds the record, the secret proves the right to it (the catalog keeps only its
// SHA-256), and the hash is the SHA-256 of the cluster's CA certificate, so that the other side can be checked.
import { createHash, randomBytes } from "node:crypto";
import { VsError } from "./errors.ts";
import { isId, isSha256, newId } from "./ids.ts";
import type { Sha256, TokenId } from "./ids.ts";

export interface TokenText {
  readonly id: TokenId;
  readonly secret: string;
  /** SHA-256 of the DER form of the CA certificate. */
  readonly authoritySha256: Sha256;
}

/** A new token with 256 random bits. */
export function mintToken(authoritySha256: Sha256, nowMs: number): TokenText {
  return { id: newId("token", nowMs), secret: randomBytes(32).toString("base64url"), authoritySha256 };
}

export function formatToken(token: TokenText): string {
  return `vst.${token.id}.${token.secret}.${token.authoritySha256}`;
}

/** @throws VsError token_invalid when the text has another form */
export function parseToken(text: string): TokenText {
  const [mark, id, secret, hash, ...rest] = text.trim().split(".");
  const wellFormed =
    mark === "vst" &&
    rest.length === 0 &&
    id !== undefined &&
    isId("token", id) &&
    secret !== undefined &&
    /^[\w-]{43}$/.test(secret) &&
    hash !== undefined &&
    isSha256(hash);
  if (!wellFormed) {
    throw new VsError("token_invalid", "this is not a token of vstream", {
      hint: "Paste the whole token, from vst. to its last character; make a new one with: vsctl tokens create",
    });
  }
  return { id, secret, authoritySha256: hash };
}

/** What the catalog keeps of a secret. */
export function hashSecret(secret: string): Sha256 {
  return createHash("sha256").update(secret).digest("hex") as Sha256;
}
