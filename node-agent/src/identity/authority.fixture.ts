// For tests: a cluster's certificate authority, and nodes of that cluster.
import "reflect-metadata/lite";
import { webcrypto } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { systemClock } from "@vstream/core/clock.ts";
import type { Clock } from "@vstream/core/clock.ts";
import { toPem } from "@vstream/core/trust.ts";
import { newId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { openIdentity } from "./node-identity.ts";
import type { NodeIdentity } from "./node-identity.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
export const hourMs = 3_600_000;

export interface Validity {
  readonly from: number;
  readonly to: number;
}

export class TrialAuthority {
  readonly pem: string;
  readonly #certificate: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;

  private constructor(certificate: x509.X509Certificate, key: webcrypto.CryptoKey) {
    this.pem = certificate.toString("pem");
    this.#certificate = certificate;
    this.#key = key;
  }

  static async make(): Promise<TrialAuthority> {
    const keys = await webcrypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
    const extensions = [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ];
    const { notBefore, notAfter } = dates(hoursAround());
    const parts = { name: "CN=trial authority", notBefore, notAfter, keys, signingAlgorithm: algorithm, extensions };
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(parts, webcrypto);
    return new TrialAuthority(certificate, keys.privateKey);
  }

  /** What the cluster answers to a node's request. */
  async sign(request: Uint8Array, nodeId: string, validity: Validity = hoursAround()): Promise<string> {
    const asked = new x509.Pkcs10CertificateRequest(new Uint8Array(request));
    const parts = {
      subject: `CN=${nodeId}`,
      issuer: this.#certificate.subject,
      ...dates(validity),
      publicKey: await webcrypto.subtle.importKey("spki", asked.publicKey.rawData, algorithm, true, ["verify"]),
      signingKey: this.#key,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        new x509.SubjectAlternativeNameExtension([
          { type: "url", value: `vstream://node/${nodeId}` },
          { type: "dns", value: nodeId },
        ]),
      ],
    };
    return (await x509.X509CertificateGenerator.create(parts, webcrypto)).toString("pem");
  }

  /** A certificate for a server on this machine, and its key; the authority's stands behind it, as a cluster shows it. */
  async serverPair(): Promise<{ certificatePem: string; keyPem: string }> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const names = new x509.SubjectAlternativeNameExtension([
      { type: "dns", value: "localhost" },
      { type: "ip", value: "127.0.0.1" },
    ]);
    const parts = {
      subject: "CN=trial control plane",
      issuer: this.#certificate.subject,
      ...dates(hoursAround()),
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: algorithm,
      extensions: [names],
    };
    const leaf = (await x509.X509CertificateGenerator.create(parts, webcrypto)).toString("pem");
    const key = new Uint8Array(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
    return { certificatePem: `${leaf}\n${this.pem}`, keyPem: toPem(key, "PRIVATE KEY") };
  }
}

/** A node that has joined the authority's cluster; its folder goes with it. */
export async function joinedNode(
  authority: TrialAuthority,
  clock: Clock = systemClock,
): Promise<{ identity: NodeIdentity; nodeId: NodeId } & AsyncDisposable> {
  const dataDir = await mkdtemp(join(tmpdir(), "vstream-identity-"));
  const identity = await openIdentity({ dataDir, clock });
  const nodeId = newId("node", Date.now());
  const certificatePem = await authority.sign(await identity.makeRequest(), nodeId);
  await identity.install({ nodeId, certificatePem, authorityPem: authority.pem });
  return { identity, nodeId, [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }) };
}

export function hoursAround(): Validity {
  return { from: Date.now() - hourMs, to: Date.now() + hourMs };
}

function dates(validity: Validity): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(validity.from), notAfter: new Date(validity.to) };
}
