// A certificate authority for tests: real certificates, made in milliseconds, valid for an hour.
import { X509Certificate, createHash, webcrypto } from "node:crypto";
import "reflect-metadata/lite";
import * as x509 from "@peculiar/x509";
import { toPem } from "@vstream/core/trust.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const hourMs = 3_600_000;

export interface TestPair {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export class TestAuthority {
  readonly certificatePem: string;
  readonly #certificate: x509.X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.certificatePem = certificate.toString("pem");
  }

  static async create(): Promise<TestAuthority> {
    const keys = await makeKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(
      {
        name: "CN=test authority",
        notBefore: new Date(Date.now() - hourMs),
        notAfter: new Date(Date.now() + hourMs),
        keys,
        signingAlgorithm: algorithm,
        extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
      },
      webcrypto,
    );
    return new TestAuthority(certificate, keys);
  }

  get sha256(): string {
    return createHash("sha256").update(new X509Certificate(this.certificatePem).raw).digest("hex");
  }

  /** A server on this machine. The chain names the authority, as the control plane's does. */
  async server(): Promise<TestPair> {
    const keys = await makeKeys();
    const names = new x509.SubjectAlternativeNameExtension([
      { type: "dns", value: "localhost" },
      { type: "ip", value: "127.0.0.1" },
    ]);
    const leaf = await this.#sign("CN=control", keys.publicKey, names);
    return { certificatePem: `${leaf}\n${this.certificatePem}`, keyPem: await privatePem(keys.privateKey) };
  }

  async node(nodeId: string): Promise<TestPair> {
    const keys = await makeKeys();
    return { certificatePem: await this.#signNode(nodeId, keys.publicKey), keyPem: await privatePem(keys.privateKey) };
  }

  /** Signs what a node asks for. */
  async signRequest(request: Uint8Array, nodeId: string): Promise<string> {
    const asked = new x509.Pkcs10CertificateRequest(Buffer.from(request));
    return await this.#signNode(nodeId, await asked.publicKey.export(webcrypto));
  }

  async #signNode(nodeId: string, publicKey: webcrypto.CryptoKey): Promise<string> {
    const names = new x509.SubjectAlternativeNameExtension([
      { type: "url", value: `vstream://node/${nodeId}` },
      { type: "dns", value: nodeId },
    ]);
    return await this.#sign(`CN=${nodeId}`, publicKey, names);
  }

  async #sign(subject: string, publicKey: webcrypto.CryptoKey, names: x509.Extension): Promise<string> {
    const leaf = await x509.X509CertificateGenerator.create(
      {
        subject,
        issuer: this.#certificate.subject,
        notBefore: new Date(Date.now() - hourMs),
        notAfter: new Date(Date.now() + hourMs),
        publicKey,
        signingKey: this.#keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [names],
      },
      webcrypto,
    );
    return leaf.toString("pem");
  }
}

/** A node's signing request, DER. */
export async function makeRequest(): Promise<Uint8Array> {
  const keys = await makeKeys();
  const parts = { name: "CN=a node", keys, signingAlgorithm: algorithm };
  return new Uint8Array((await x509.Pkcs10CertificateRequestGenerator.create(parts, webcrypto)).rawData);
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  return toPem(new Uint8Array(await webcrypto.subtle.exportKey("pkcs8", key)), "PRIVATE KEY");
}
