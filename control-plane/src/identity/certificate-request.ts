// What a node asks to be certified: a PKCS #10 request. Only its key is believed, and only because the request is
// signed with it; names and extensions in it are not looked at.
import { createPublicKey, webcrypto } from "node:crypto";
import { VsError } from "@vstream/core/errors.ts";
import { signatureAlgorithm, x509 } from "./signing.ts";

/** A request of a P-256 key is about 200 bytes; more is not ours, and is not parsed. */
export const requestLimitBytes = 4096;

/**
 * The key that the request is for.
 * @throws VsError invalid_argument when it is malformed, of another kind of key, or not signed with that key
 */
export async function readCertificateRequest(der: Uint8Array): Promise<webcrypto.CryptoKey> {
  if (der.length === 0 || der.length > requestLimitBytes) throw refused(`it has ${String(der.length)} bytes`);
  try {
    const request = new x509.Pkcs10CertificateRequest(new Uint8Array(der));
    const spki = request.publicKey.rawData;
    const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
    if (key.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
      throw refused("its key is not an ECDSA key of P-256");
    }
    if (!(await request.verify(webcrypto))) throw refused("it is not signed with its own key");
    return await webcrypto.subtle.importKey("spki", spki, signatureAlgorithm, true, ["verify"]);
  } catch (thrown) {
    if (thrown instanceof VsError) throw thrown;
    throw refused("it cannot be read", thrown);
  }
}

function refused(why: string, cause?: unknown): VsError {
  return new VsError("invalid_argument", `the certificate request is refused: ${why}`, { cause });
}
