// What a certificate of this cluster looks like, for nodes and for the control plane.
import { webcrypto } from "node:crypto";
import { clockSkewMs, signatureAlgorithm, x509 } from "./signing.ts";

export const dayMs = 86_400_000;

export interface IssuedCertificate {
  readonly certificatePem: string;
  readonly expiresAt: number;
}

export interface SubjectName {
  readonly type: "dns" | "ip" | "url";
  readonly value: string;
}

export interface WantedCertificate {
  readonly publicKey: webcrypto.CryptoKey;
  readonly commonName: string;
  readonly names: readonly SubjectName[];
  readonly days: number;
  /** Whether its holder dials others with it. */
  readonly forClients: boolean;
}

export interface Issuer {
  readonly certificate: x509.X509Certificate;
  readonly signingKey: webcrypto.CryptoKey;
}

/** Signs a certificate from a little before `now` on; it never outlives its issuer. */
export async function issueCertificate(
  issuer: Issuer,
  wanted: WantedCertificate,
  now: number,
): Promise<IssuedCertificate> {
  const end = Math.min(now + wanted.days * dayMs, issuer.certificate.notAfter.getTime());
  // Certificates run in whole seconds.
  const expiresAt = Math.floor(end / 1000) * 1000;
  const certificate = await x509.X509CertificateGenerator.create(
    {
      subject: [{ CN: [wanted.commonName] }],
      issuer: issuer.certificate.subjectName.toJSON(),
      notBefore: new Date(now - clockSkewMs),
      notAfter: new Date(expiresAt),
      publicKey: wanted.publicKey,
      signingKey: issuer.signingKey,
      signingAlgorithm: signatureAlgorithm,
      extensions: await leafExtensions(wanted, issuer.certificate),
    },
    webcrypto,
  );
  return { certificatePem: `${certificate.toString("pem")}\n`, expiresAt };
}

async function leafExtensions(wanted: WantedCertificate, issuer: x509.X509Certificate): Promise<x509.Extension[]> {
  const usages = [x509.ExtendedKeyUsage.serverAuth, ...(wanted.forClients ? [x509.ExtendedKeyUsage.clientAuth] : [])];
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(usages, false),
    new x509.SubjectAlternativeNameExtension([...wanted.names], false),
    await x509.SubjectKeyIdentifierExtension.create(wanted.publicKey, false, webcrypto),
    await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey, false, webcrypto),
  ];
}
