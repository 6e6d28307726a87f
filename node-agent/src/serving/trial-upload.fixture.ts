// For tests: a node that takes uploads, tickets for it, and a tus client that can misbehave.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { SignJWT, exportSPKI, generateKeyPair } from "jose";
import { systemClock } from "@vstream/core/clock.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { ServingDeps } from "./serving.ts";
import { TrialCluster, fetchRaw, openTrialNode } from "./trial-serving.fixture.ts";
import type { Fetched, TrialNode } from "./trial-serving.fixture.ts";
import type { ReportUpload } from "./upload-reports.ts";

const keys = await generateKeyPair("ES256", { extractable: true });
const ticketKey = await exportSPKI(keys.publicKey);
export const source = randomBytes(300_000);
export const sourceHash = createHash("sha256").update(source).digest("hex");

/** What is wrong with a ticket, or different. */
interface TicketChanges {
  readonly aud?: NodeId | `download:${NodeId}`;
  readonly name?: string;
  readonly bytes?: number;
  readonly sha256?: string;
  readonly expiresInSeconds?: number;
  readonly key?: (typeof keys)["privateKey"];
}

/** A ticket for the upload of `source` to that node. */
export async function ticketFor(node: TrialNode, assetId: AssetId, changes: TicketChanges = {}): Promise<string> {
  const { bytes = source.length, sha256 = sourceHash, expiresInSeconds = 60 } = changes;
  return await new SignJWT({ bytes, sha256, ...(changes.name === undefined ? {} : { name: changes.name }) })
    .setProtectedHeader({ alg: "ES256" })
    .setSubject(assetId)
    .setAudience(changes.aud ?? node.nodeId)
    .setExpirationTime(Math.floor(Date.now() / 1000) + expiresInSeconds)
    .sign(changes.key ?? keys.privateKey);
}

export async function tus(
  node: TrialNode,
  ticket: string,
  asked: { method: string; path?: string; headers?: Record<string, string>; body?: Buffer },
): Promise<Fetched> {
  const length: Record<string, string> =
    asked.body === undefined ? {} : { "content-length": String(asked.body.length) };
  return await fetchRaw(node.url, asked.path ?? "/uploads", {
    method: asked.method,
    headers: { "tus-resumable": "1.0.0", authorization: `Bearer ${ticket}`, ...length, ...asked.headers },
    ...(asked.body === undefined ? {} : { body: asked.body }),
  });
}

export async function create(node: TrialNode, ticket: string, bytes = source.length): Promise<Fetched> {
  return await tus(node, ticket, { method: "POST", headers: { "upload-length": String(bytes) } });
}

export async function patch(
  node: TrialNode,
  ticket: string,
  to: { path: string; offset: number; body: Buffer },
): Promise<Fetched> {
  const headers = { "upload-offset": String(to.offset), "content-type": "application/offset+octet-stream" };
  return await tus(node, ticket, { method: "PATCH", path: to.path, headers, body: to.body });
}

/** Sends the beginning of a PATCH of the rest, then hangs up. */
export async function hangUpAfter(node: TrialNode, ticket: string, to: { path: string; bytes: number }): Promise<void> {
  const { hostname, port } = new URL(node.url);
  const asked = request({ host: hostname, port, path: to.path, method: "PATCH", agent: false });
  asked.setHeader("tus-resumable", "1.0.0");
  asked.setHeader("authorization", `Bearer ${ticket}`);
  asked.setHeader("upload-offset", "0");
  asked.setHeader("content-type", "application/offset+octet-stream");
  asked.setHeader("content-length", String(source.length));
  const gone = once(asked, "error");
  asked.write(source.subarray(0, to.bytes), () => {
    setTimeout(() => asked.destroy(new Error("hung up")), 100);
  });
  await gone;
}

/** A node that takes uploads, and what it reports of them. */
export async function openReceiver(
  changes: Partial<ServingDeps> = {},
): Promise<{ node: TrialNode; reports: unknown[] } & AsyncDisposable> {
  const reports: unknown[] = [];
  const reportUpload: ReportUpload = (report) => {
    reports.push(report);
    return Promise.resolve(true);
  };
  const node = await openTrialNode(new TrialCluster(), { getTicketKey: () => ticketKey, reportUpload, ...changes });
  return { node, reports, [Symbol.asyncDispose]: () => node[Symbol.asyncDispose]() };
}

export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 200, "it never came to hold");
    await systemClock.sleep(10);
  }
}
