// The node's key (ECDSA P-256) and the request to certify it.
// @peculiar/x509 needs the reflection metadata to be there before it.
import "reflect-metadata/lite";
import { createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A new key, PKCS #8. */
export function makeKeyPem(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** PKCS #10, DER. Its name says nothing: who the node is, the cluster decides. */
export async function makeRequest(keyPem: string): Promise<Uint8Array> {
  const pkcs8 = createPrivateKey(keyPem).export({ type: "pkcs8", format: "der" });
  const spki = createPublicKey(keyPem).export({ type: "spki", format: "der" });
  const keys = {
    privateKey: await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]),
    publicKey: await webcrypto.subtle.importKey("spki", spki, algorithm, true, ["verify"]),
  };
  const parts = { name: "CN=vstream node", keys, signingAlgorithm: algorithm };
  const request = await x509.Pkcs10CertificateRequestGenerator.create(parts, webcrypto);
  return new Uint8Array(request.rawData);
}
