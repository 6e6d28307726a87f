// How this cluster signs: ECDSA P-256 with SHA-256, by Node's own web cryptography. The one place that loads
// @peculiar/x509, whose container of algorithms wants the reflection metadata first.
import "reflect-metadata/lite";
import { createPrivateKey, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { toPem } from "@vstream/core/trust.ts";

export { x509 };

export const signatureAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Certificates are valid from a little before their making: the clocks of two machines are never equal. */
export const clockSkewMs = 5 * 60_000;

export interface SigningKey {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
  /** PKCS #8. */
  readonly privatePem: string;
}

export async function makeSigningKey(): Promise<SigningKey> {
  const pair = await webcrypto.subtle.generateKey(signatureAlgorithm, true, ["sign", "verify"]);
  const der = await webcrypto.subtle.exportKey("pkcs8", pair.privateKey);
  return { ...pair, privatePem: toPem(new Uint8Array(der), "PRIVATE KEY") };
}

/** @throws when the text is not a private key of P-256 */
export async function readSigningKey(privatePem: string): Promise<SigningKey> {
  const der = createPrivateKey(privatePem).export({ format: "der", type: "pkcs8" });
  const privateKey = await webcrypto.subtle.importKey("pkcs8", der, signatureAlgorithm, true, ["sign"]);
  const whole = await webcrypto.subtle.exportKey("jwk", privateKey);
  const half = { kty: "EC", crv: "P-256", x: whole.x ?? "", y: whole.y ?? "" };
  const publicKey = await webcrypto.subtle.importKey("jwk", half, signatureAlgorithm, true, ["verify"]);
  return { publicKey, privateKey, privatePem };
}

/** Subject public key info, PEM. */
export async function publicPemOf(key: SigningKey): Promise<string> {
  return toPem(new Uint8Array(await webcrypto.subtle.exportKey("spki", key.publicKey)), "PUBLIC KEY");
}
