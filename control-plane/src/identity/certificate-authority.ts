// The cluster's certificate authority: made at the first start, kept in the data folder, never sent anywhere.
// It says who a node is (its id, as a URI in the certificate) and proves to everybody else that they talk to this
// cluster. A key and a certificate that do not belong together stop the start: nothing is made anew over them.
import { X509Certificate, createHash, createPrivateKey, webcrypto } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import { readCertificateRequest } from "./certificate-request.ts";
import { readPrivate, writeFolderDurably } from "./durable-file.ts";
import { dayMs, issueCertificate } from "./issue-certificate.ts";
import type { IssuedCertificate, SubjectName } from "./issue-certificate.ts";
import { clockSkewMs, makeSigningKey, readSigningKey, signatureAlgorithm, x509 } from "./signing.ts";
import type { SigningKey } from "./signing.ts";

const authorityDays = 3650;

export interface CertificateAuthority {
  readonly certificatePem: string;
  /** Of the certificate's DER form: what tokens carry. */
  readonly sha256: Sha256;
  readonly expiresAt: number;
  /**
   * For the key that the request proves to hold; nothing else is taken from the request.
   * @throws VsError invalid_argument when it is not a signed request of a P-256 key
   */
  issueNode(wanted: { certificateRequest: Uint8Array; nodeId: NodeId; days: number }): Promise<IssuedCertificate>;
  issueServer(wanted: {
    publicKey: webcrypto.CryptoKey;
    names: readonly SubjectName[];
    days: number;
  }): Promise<IssuedCertificate>;
}

export interface AuthorityDeps {
  /** The control plane's folder of keys. */
  readonly folder: string;
  readonly clusterName: string;
  readonly clock: Clock;
}

/** @throws VsError data_folder_unusable when what is kept is not a whole authority */
export async function openCertificateAuthority(deps: AuthorityDeps): Promise<CertificateAuthority> {
  const folder = join(deps.folder, "authority");
  const [keyPem, certificatePem] = await readPair(folder);
  if (keyPem !== null && certificatePem !== null) return await readAuthority({ folder, keyPem, certificatePem }, deps);
  if (keyPem === null && certificatePem === null) return await makeAuthority(folder, deps);
  throw damaged(folder, keyPem === null ? "a certificate without its key" : "a key without its certificate");
}

/** The name in a node's certificate that says which node it is. */
export function nodeUri(nodeId: NodeId): string {
  return `vstream://node/${nodeId}`;
}

async function readPair(folder: string): Promise<[string | null, string | null]> {
  return [await readPrivate(join(folder, "key.pem")), await readPrivate(join(folder, "certificate.pem"))];
}

async function makeAuthority(folder: string, deps: AuthorityDeps): Promise<CertificateAuthority> {
  const key = await makeSigningKey();
  const now = deps.clock.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: [{ CN: [`${deps.clusterName} authority`] }],
      notBefore: new Date(now - clockSkewMs),
      notAfter: new Date(now + authorityDays * dayMs),
      keys: { publicKey: key.publicKey, privateKey: key.privateKey },
      signingAlgorithm: signatureAlgorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(key.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  const certificatePem = `${certificate.toString("pem")}\n`;
  await writeFolderDurably(folder, { "key.pem": key.privatePem, "certificate.pem": certificatePem });
  return authorityOf({ key, certificatePem }, deps);
}

async function readAuthority(
  kept: { folder: string; keyPem: string; certificatePem: string },
  deps: AuthorityDeps,
): Promise<CertificateAuthority> {
  let key: SigningKey;
  try {
    key = await readSigningKey(kept.keyPem);
    const certificate = new X509Certificate(kept.certificatePem);
    if (!certificate.checkPrivateKey(createPrivateKey(kept.keyPem))) throw new Error("they do not belong together");
  } catch (cause) {
    throw damaged(kept.folder, "a key and a certificate that are of no use together", cause);
  }
  const authority = authorityOf({ key, certificatePem: kept.certificatePem }, deps);
  if (authority.expiresAt > deps.clock.now()) return authority;
  throw new VsError(
    "data_folder_unusable",
    `the cluster's certificate authority ended on ${isoDay(authority.expiresAt)}`,
    {
      hint: `Move ${kept.folder} away to make a new one; every node and every token must then be made anew`,
    },
  );
}

function authorityOf(kept: { key: SigningKey; certificatePem: string }, deps: AuthorityDeps): CertificateAuthority {
  const issuer = { certificate: new x509.X509Certificate(kept.certificatePem), signingKey: kept.key.privateKey };
  return {
    certificatePem: kept.certificatePem,
    sha256: createHash("sha256").update(new Uint8Array(issuer.certificate.rawData)).digest("hex") as Sha256,
    expiresAt: issuer.certificate.notAfter.getTime(),
    async issueNode({ certificateRequest, nodeId, days }) {
      const publicKey = await readCertificateRequest(certificateRequest);
      const names: SubjectName[] = [
        { type: "url", value: nodeUri(nodeId) },
        { type: "dns", value: nodeId },
      ];
      const wanted = { publicKey, commonName: nodeId, names, days, forClients: true };
      return await issueCertificate(issuer, wanted, deps.clock.now());
    },
    async issueServer({ publicKey, names, days }) {
      const wanted = { publicKey, commonName: `${deps.clusterName} control plane`, names, days, forClients: false };
      return await issueCertificate(issuer, wanted, deps.clock.now());
    },
  };
}

function damaged(folder: string, what: string, cause?: unknown): VsError {
  return new VsError("data_folder_unusable", `${folder} holds ${what}`, {
    hint: "Put both files back from a backup. Without one, move the folder away: every node must then join again",
    cause,
  });
}

function isoDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
