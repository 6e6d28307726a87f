// How a client that holds a token learns the cluster's CA certificate: it looks at the chain that the server shows
// and takes the certificate whose hash the token carries. Nothing is sent before that.
import { connect } from "node:tls";
import type { DetailedPeerCertificate } from "node:tls";
import { createHash } from "node:crypto";
import { VsError } from "./errors.ts";
import type { Sha256 } from "./ids.ts";

/**
 * The CA certificate of the control plane at host:port, PEM.
 * @throws VsError unavailable when nobody answers, wrong_cluster when no certificate of the chain has that hash
 */
export async function fetchAuthority(
  address: { host: string; port: number },
  expected: Sha256,
  timeoutMs = 10_000,
): Promise<string> {
  const chain = await fetchChain(address, timeoutMs);
  const found = chain.find((raw) => createHash("sha256").update(raw).digest("hex") === expected);
  if (found === undefined) {
    throw new VsError(
      "wrong_cluster",
      `the control plane at ${address.host}:${String(address.port)} belongs to another cluster than this token`,
      {
        hint: "Check the address, or make a token on that cluster: vsctl tokens create",
      },
    );
  }
  return toPem(found);
}

export function toPem(der: Uint8Array, label = "CERTIFICATE"): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

async function fetchChain(address: { host: string; port: number }, timeoutMs: number): Promise<Buffer[]> {
  return await new Promise((resolve, reject) => {
    // The chain is judged by its hash above; nothing is sent on this connection.
    const socket = connect({ ...address, rejectUnauthorized: false, ALPNProtocols: ["h2"], timeout: timeoutMs });
    const fail = (cause: unknown): void => {
      socket.destroy();
      reject(
        new VsError("unavailable", `no control plane answers at ${address.host}:${String(address.port)}`, {
          hint: "Check the address and that vstream-control is running there",
          cause,
        }),
      );
    };
    socket.once("error", fail);
    socket.once("timeout", () => {
      fail(new Error("timed out"));
    });
    socket.once("secureConnect", () => {
      const chain = chainOf(socket.getPeerCertificate(true));
      socket.destroy();
      resolve(chain);
    });
  });
}

function chainOf(leaf: DetailedPeerCertificate): Buffer[] {
  const chain: Buffer[] = [];
  // A chain's last certificate names itself as its issuer, and a cut chain ends with none: Node's types know neither.
  let certificate: Partial<DetailedPeerCertificate> | undefined = leaf;
  while (certificate?.raw !== undefined) {
    const { raw } = certificate;
    if (chain.some((known) => known.equals(raw))) break;
    chain.push(raw);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}
