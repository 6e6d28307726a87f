// The control plane's own certificate: issued for its names, issued again before it ends or when the names change,
// and exchanged on open listeners without a restart (grpc-js listens to the provider).
import { X509Certificate, createPrivateKey } from "node:crypto";
import { isIP } from "node:net";
import { join } from "node:path";
import type { experimental } from "@grpc/grpc-js";
import type { Clock } from "@vstream/core/clock.ts";
import type { CertificateAuthority } from "./certificate-authority.ts";
import { readPrivate, writeDurably } from "./durable-file.ts";
import { dayMs } from "./issue-certificate.ts";
import type { SubjectName } from "./issue-certificate.ts";
import { makeSigningKey } from "./signing.ts";

/** Long, since a control plane that is down for a while must still be believed when it comes back. */
const serverDays = 90;
/** It is issued again when less than this is left. */
const renewBeforeMs = 30 * dayMs;

const alwaysNamed = ["localhost", "127.0.0.1", "::1"];

type CertificateProvider = Parameters<typeof experimental.createCertificateProviderServerCredentials>[0];
type IdentityListener = Parameters<CertificateProvider["addIdentityCertificateListener"]>[0];
type AuthorityListener = Parameters<CertificateProvider["addCaCertificateListener"]>[0];

export interface ServerCertificate {
  /** For grpc-js: the certificate with the authority's behind it, and the authority to check clients by. */
  readonly provider: CertificateProvider;
  expiresAt(): number;
  /** Issues it again when it is due. Gives whether it did. */
  renewWhenDue(): Promise<boolean>;
}

export interface ServerCertificateDeps {
  readonly folder: string;
  readonly authority: CertificateAuthority;
  /** Host names and addresses, beside this machine's own. */
  readonly names: readonly string[];
  readonly clock: Clock;
}

interface Held {
  readonly keyPem: string;
  readonly chainPem: string;
  readonly expiresAt: number;
}

/** @throws VsError data_folder_unusable */
export async function openServerCertificate(deps: ServerCertificateDeps): Promise<ServerCertificate> {
  const path = join(deps.folder, "server.pem");
  const names = [...new Set([...deps.names, ...alwaysNamed])];
  const kept = await readPrivate(path);
  let held = kept === null ? null : readHeld(kept, names, deps.authority);
  const identityListeners = new Set<IdentityListener>();
  const isDue = (): boolean => held === null || held.expiresAt - deps.clock.now() < renewBeforeMs;
  const renew = async (): Promise<Held> => {
    const fresh = await issue(names, deps.authority);
    await writeDurably(path, fresh.keyPem + fresh.chainPem);
    held = fresh;
    for (const listener of identityListeners) listener(identityOf(fresh));
    return fresh;
  };
  const first = held === null || isDue() ? await renew() : held;
  return {
    provider: providerOf({ identityListeners, current: () => held ?? first, authority: deps.authority }),
    expiresAt: () => (held ?? first).expiresAt,
    async renewWhenDue() {
      if (!isDue()) return false;
      await renew();
      return true;
    },
  };
}

async function issue(names: readonly string[], authority: CertificateAuthority): Promise<Held> {
  const key = await makeSigningKey();
  const wanted = { publicKey: key.publicKey, names: names.map(subjectName), days: serverDays };
  const issued = await authority.issueServer(wanted);
  // The authority's certificate is shown too: a client with only a token finds it there by its hash.
  const chainPem = issued.certificatePem + authority.certificatePem;
  return { keyPem: key.privatePem, chainPem, expiresAt: issued.expiresAt };
}

function subjectName(name: string): SubjectName {
  return { type: isIP(name) === 0 ? "dns" : "ip", value: name };
}

/** null when it is not whole, of another authority, or for other names: it is only issued again. */
function readHeld(text: string, names: readonly string[], authority: CertificateAuthority): Held | null {
  const [keyPem, chainPem] = text.split(/(?<=-----END PRIVATE KEY-----\n)/);
  if (keyPem === undefined || chainPem === undefined) return null;
  try {
    const certificate = new X509Certificate(chainPem);
    const own =
      certificate.checkPrivateKey(createPrivateKey(keyPem)) &&
      certificate.verify(new X509Certificate(authority.certificatePem).publicKey);
    return own && isFor(certificate, names) ? { keyPem, chainPem, expiresAt: certificate.validToDate.getTime() } : null;
  } catch {
    return null;
  }
}

function isFor(certificate: X509Certificate, names: readonly string[]): boolean {
  const count = certificate.subjectAltName?.split(", ").length ?? 0;
  const shows = (name: string): boolean =>
    (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
  return count === names.length && names.every(shows);
}

function identityOf(held: Held): { certificate: Buffer; privateKey: Buffer } {
  return { certificate: Buffer.from(held.chainPem), privateKey: Buffer.from(held.keyPem) };
}

function providerOf(parts: {
  identityListeners: Set<IdentityListener>;
  current: () => Held;
  authority: CertificateAuthority;
}): CertificateProvider {
  return {
    addIdentityCertificateListener(listener) {
      parts.identityListeners.add(listener);
      // Not at once: grpc-js asks before it watches, and would miss an answer that comes while it asks.
      queueMicrotask(() => {
        if (parts.identityListeners.has(listener)) listener(identityOf(parts.current()));
      });
    },
    removeIdentityCertificateListener(listener) {
      parts.identityListeners.delete(listener);
    },
    // The authority never changes while the program runs: who listens is told once.
    addCaCertificateListener(listener: AuthorityListener) {
      queueMicrotask(() => {
        soon(() => {
          listener({ caCertificate: Buffer.from(parts.authority.certificatePem) });
        });
      });
    },
    removeCaCertificateListener() {
      return;
    },
  };
}

// Not at once: grpc-js loses what it is told before the call that adds the listener has returned.
function soon(tell: () => void): void {
  process.nextTick(tell);
}
