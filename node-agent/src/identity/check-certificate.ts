// What a node's certificate must say before anybody acts on it. Pure.
import { X509Certificate, createPrivateKey } from "node:crypto";
import { VsError } from "@vstream/core/errors.ts";
import { isId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";

/** The clocks of two machines differ; a certificate made just now may begin a little later. */
const clockSkewMs = 5 * 60_000;

const uriPrefix = "URI:vstream://node/";

/**
 * @param at milliseconds since the epoch when it must be valid; null: whenever
 * @throws VsError wrong_cluster that says what is wrong
 */
export function checkCertificate(
  given: { nodeId: NodeId; certificatePem: string; authorityPem: string },
  keyPem: string,
  at: number | null,
): void {
  const certificate = parse(given.certificatePem, "the certificate");
  const authority = parse(given.authorityPem, "the authority's certificate");
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) {
    throw wrong("the certificate was not issued by this cluster");
  }
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) {
    throw wrong("the certificate is for another key than this node's");
  }
  if (nodeIdOfNames(certificate.subjectAltName ?? "") !== given.nodeId)
    throw wrong(`the certificate does not name ${given.nodeId}`);
  if (at !== null) requireValid(certificate, at);
}

/** The node that a certificate's alternative names, as Node gives them, name; or null. Says nothing about its issuer. */
export function nodeIdOfNames(names: string): NodeId | null {
  const uris = names.split(", ").filter((name) => name.startsWith("URI:"));
  const [uri, ...others] = uris;
  if (uri === undefined || others.length > 0 || !uri.startsWith(uriPrefix)) return null;
  const nodeId = uri.slice(uriPrefix.length);
  return isId("node", nodeId) ? nodeId : null;
}

/** Milliseconds since the epoch. */
export function validityOf(certificatePem: string): { from: number; to: number } {
  const { validFromDate, validToDate } = parse(certificatePem, "the certificate");
  return { from: validFromDate.getTime(), to: validToDate.getTime() };
}

function requireValid(certificate: X509Certificate, at: number): void {
  const { validFromDate, validToDate } = certificate;
  if (validFromDate.getTime() - clockSkewMs <= at && at < validToDate.getTime()) return;
  throw wrong(
    `the certificate is valid from ${validFromDate.toISOString()} to ${validToDate.toISOString()}, not now`,
    "Set this machine's clock",
  );
}

function parse(pem: string, what: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new VsError("wrong_cluster", `${what} cannot be read`, { cause });
  }
}

function wrong(message: string, hint = "Join again with a new token: vsctl tokens create --for node"): VsError {
  return new VsError("wrong_cluster", message, { hint });
}
