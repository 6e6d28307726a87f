import assert from "node:assert/strict";
import { X509Certificate, generateKeyPairSync, webcrypto } from "node:crypto";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@vstream/core/clock.ts";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import { openCertificateAuthority } from "./certificate-authority.ts";
import { openServerCertificate } from "./server-certificate.ts";
import { signatureAlgorithm, x509 } from "./signing.ts";

const dayMs = 86_400_000;
const nodeId = newId("node", Date.now());

function clockAt(offsetMs: () => number): Clock {
  return { ...systemClock, now: () => Date.now() + offsetMs() };
}

async function requestOf(keys: webcrypto.CryptoKeyPair): Promise<Uint8Array> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    { name: [{ CN: ["anybody"] }], keys, signingAlgorithm: signatureAlgorithm },
    webcrypto,
  );
  return new Uint8Array(request.rawData);
}

async function makeKeys(namedCurve = "P-256"): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve }, true, ["sign", "verify"]);
}

function withCode(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof VsError && thrown.code === code;
}

describe("certificate authority", () => {
  let folder: string;
  const deps = (clock: Clock = systemClock): Parameters<typeof openCertificateAuthority>[0] => ({
    folder,
    clusterName: "test",
    clock,
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-identity-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("is made once, and is the same at the next start", async () => {
    const made = await openCertificateAuthority(deps());
    const again = await openCertificateAuthority(deps());
    assert.equal(again.certificatePem, made.certificatePem);
    assert.equal(again.sha256, made.sha256);
    assert.equal(new X509Certificate(made.certificatePem).ca, true);
  });

  it("keeps its key where only its owner can read it, and leaves nothing else behind", async () => {
    await openCertificateAuthority(deps());
    const key = await stat(join(folder, "authority", "key.pem"));
    assert.equal(key.mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ["authority"]);
  });

  for (const missing of ["key.pem", "certificate.pem"]) {
    it(`refuses to start without ${missing}`, async () => {
      await openCertificateAuthority(deps());
      await rm(join(folder, "authority", missing));
      await assert.rejects(openCertificateAuthority(deps()), withCode("data_folder_unusable"));
    });
  }

  it("refuses a key that is not its certificate's", async () => {
    await openCertificateAuthority(deps());
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ format: "pem", type: "pkcs8" });
    await writeFile(join(folder, "authority", "key.pem"), pem);
    await assert.rejects(openCertificateAuthority(deps()), withCode("data_folder_unusable"));
  });

  it("certifies a node's key with the node's id and nothing from the request", async () => {
    const authority = await openCertificateAuthority(deps());
    const certificateRequest = await requestOf(await makeKeys());
    const issued = await authority.issueNode({ certificateRequest, nodeId, days: 14 });
    const certificate = new X509Certificate(issued.certificatePem);
    assert.equal(certificate.verify(new X509Certificate(authority.certificatePem).publicKey), true);
    assert.equal(certificate.subject, `CN=${nodeId}`);
    assert.equal(certificate.subjectAltName, `URI:vstream://node/${nodeId}, DNS:${nodeId}`);
    assert.deepEqual(certificate.keyUsage.toSorted(), ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    assert.equal(certificate.validToDate.getTime(), issued.expiresAt);
    assert.ok(Math.abs(issued.expiresAt - Date.now() - 14 * dayMs) < 60_000);
  });

  it("refuses a request whose signature is not by its key", async () => {
    const authority = await openCertificateAuthority(deps());
    const certificateRequest = await requestOf(await makeKeys());
    certificateRequest.set([(certificateRequest.at(-1) ?? 0) ^ 1], certificateRequest.length - 1);
    await assert.rejects(authority.issueNode({ certificateRequest, nodeId, days: 14 }), withCode("invalid_argument"));
  });

  it("refuses keys other than P-256, and what is no request", async () => {
    const authority = await openCertificateAuthority(deps());
    const other = await requestOf(await makeKeys("P-384"));
    for (const certificateRequest of [other, new Uint8Array(), new Uint8Array(5000), Buffer.from("garbage")]) {
      await assert.rejects(authority.issueNode({ certificateRequest, nodeId, days: 14 }), withCode("invalid_argument"));
    }
  });
});

describe("server certificate", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vstream-identity-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const shown = async (certificate: Awaited<ReturnType<typeof openServerCertificate>>): Promise<string[]> => {
    const seen: string[] = [];
    certificate.provider.addIdentityCertificateListener((update) => {
      seen.push(String(update?.certificate));
    });
    await systemClock.sleep(1);
    return seen;
  };

  it("is for the names of the configuration and this machine's own, with the authority behind it", async () => {
    const authority = await openCertificateAuthority({ folder, clusterName: "test", clock: systemClock });
    const names = ["control.example.org", "192.0.2.7"];
    const server = await openServerCertificate({ folder, authority, names, clock: systemClock });
    const [chain = ""] = await shown(server);
    const certificate = new X509Certificate(chain);
    for (const name of ["control.example.org", "localhost"]) assert.equal(certificate.checkHost(name), name);
    for (const address of ["192.0.2.7", "127.0.0.1", "::1"]) assert.notEqual(certificate.checkIP(address), undefined);
    assert.ok(chain.endsWith(authority.certificatePem));
  });

  it("stays the same while it is good, and is issued again when the names change", async () => {
    const authority = await openCertificateAuthority({ folder, clusterName: "test", clock: systemClock });
    const open = async (names: string[]): Promise<string> =>
      (await shown(await openServerCertificate({ folder, authority, names, clock: systemClock })))[0] ?? "";
    const first = await open(["a.example.org"]);
    assert.equal(await open(["a.example.org"]), first);
    const second = await open(["b.example.org"]);
    assert.notEqual(second, first);
    assert.notEqual(await open([]), second);
  });

  it("is exchanged on open listeners before it ends", async () => {
    let offsetMs = 0;
    const clock = clockAt(() => offsetMs);
    const authority = await openCertificateAuthority({ folder, clusterName: "test", clock });
    const server = await openServerCertificate({ folder, authority, names: [], clock });
    const seen = await shown(server);
    assert.equal(await server.renewWhenDue(), false);
    offsetMs = 61 * dayMs;
    const endsAt = server.expiresAt();
    assert.equal(await server.renewWhenDue(), true);
    assert.equal(seen.length, 2);
    assert.ok(server.expiresAt() > endsAt);
  });
});
