import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { SignJWT, exportSPKI, generateKeyPair } from "jose";
import { systemClock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { newId, sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import { openTrialStore, trialFolder } from "../store/trial-store.fixture.ts";
import { TrialCluster, codeOf, fetchRaw, openTrialNode } from "./trial-serving.fixture.ts";
import type { Fetched, TrialNode } from "./trial-serving.fixture.ts";
import type { ServingDeps } from "./serving.ts";
import type { ReportUpload } from "./upload-reports.ts";
import { unfinishedUploadMs } from "./uploads.ts";

const keys = await generateKeyPair("ES256", { extractable: true });
const ticketKey = await exportSPKI(keys.publicKey);
const source = randomBytes(300_000);
const sourceHash = createHash("sha256").update(source).digest("hex");

interface TicketChanges {
  readonly aud?: NodeId;
  readonly bytes?: number;
  readonly sha256?: string;
  readonly expiresInSeconds?: number;
  readonly key?: (typeof keys)["privateKey"];
}

async function ticketFor(node: TrialNode, assetId: AssetId, changes: TicketChanges = {}): Promise<string> {
  const { bytes = source.length, sha256 = sourceHash, expiresInSeconds = 60 } = changes;
  return await new SignJWT({ bytes, sha256 })
    .setProtectedHeader({ alg: "ES256" })
    .setSubject(assetId)
    .setAudience(changes.aud ?? node.nodeId)
    .setExpirationTime(Math.floor(Date.now() / 1000) + expiresInSeconds)
    .sign(changes.key ?? keys.privateKey);
}

function newAsset(): AssetId {
  return newId("asset", Date.now());
}

async function tus(
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

async function create(node: TrialNode, ticket: string, bytes = source.length): Promise<Fetched> {
  return await tus(node, ticket, { method: "POST", headers: { "upload-length": String(bytes) } });
}

async function patch(
  node: TrialNode,
  ticket: string,
  to: { path: string; offset: number; body: Buffer },
): Promise<Fetched> {
  const headers = { "upload-offset": String(to.offset), "content-type": "application/offset+octet-stream" };
  return await tus(node, ticket, { method: "PATCH", path: to.path, headers, body: to.body });
}

/** Sends the beginning of a PATCH of the rest, then hangs up. */
async function hangUpAfter(node: TrialNode, ticket: string, to: { path: string; bytes: number }): Promise<void> {
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

async function openReceiver(
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

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 200, "it never came to hold");
    await systemClock.sleep(10);
  }
}

describe("an upload", () => {
  it("becomes the asset's source piece, and is reported", async () => {
    await using receiver = await openReceiver();
    const { node, reports } = receiver;
    const assetId = newAsset();
    const ticket = await ticketFor(node, assetId);
    const created = await create(node, ticket);
    assert.equal(created.status, 201);
    assert.equal(created.headers.location, `/uploads/${assetId}`);
    const done = await patch(node, ticket, { path: `/uploads/${assetId}`, offset: 0, body: source });
    assert.equal(done.status, 204);
    assert.equal(done.headers["upload-offset"], String(source.length));
    const piece = node.store.getPiece(assetId, sourcePieceId);
    assert.ok(piece?.content.kind === "source");
    assert.deepEqual(piece.content.source, { sha256: sourceHash, bytes: source.length });
    assert.deepEqual(await node.store.read(piece.content.source.sha256), source);
    assert.ok(node.store.has(piece.content.blockList.sha256));
    await until(() => reports.length > 0);
    assert.deepEqual(reports, [{ assetId, outcome: { kind: "source", piece } }]);
    assert.deepEqual(await readdir(node.store.uploadFolder), []);
  });

  it("goes on where it was cut off, also by a second creation", async () => {
    await using receiver = await openReceiver();
    const { node } = receiver;
    const assetId = newAsset();
    const path = `/uploads/${assetId}`;
    const ticket = await ticketFor(node, assetId);
    await create(node, ticket);
    await hangUpAfter(node, ticket, { path, bytes: 100_000 });
    const again = await create(node, await ticketFor(node, assetId));
    assert.equal(again.status, 201);
    assert.equal(again.headers.location, path);
    const head = await tus(node, ticket, { method: "HEAD", path });
    const offset = Number(head.headers["upload-offset"]);
    assert.ok(offset > 0 && offset <= 100_000, String(offset));
    assert.equal(head.headers["upload-length"], String(source.length));
    const done = await patch(node, ticket, { path, offset, body: source.subarray(offset) });
    assert.equal(done.status, 204);
    assert.ok(node.store.getPiece(assetId, sourcePieceId) !== null);
  });

  it("stays finished for a client that lost the answer", async () => {
    await using receiver = await openReceiver();
    const { node, reports } = receiver;
    const assetId = newAsset();
    const path = `/uploads/${assetId}`;
    const ticket = await ticketFor(node, assetId);
    await create(node, ticket);
    await patch(node, ticket, { path, offset: 0, body: source });
    const head = await tus(node, ticket, { method: "HEAD", path });
    assert.equal(head.headers["upload-offset"], String(source.length));
    const created = await create(node, ticket);
    assert.equal(created.status, 201);
    assert.equal(created.headers["upload-offset"], String(source.length));
    assert.equal(reports.length, 1);
  });

  it("is made whole after a restart that came between its last byte and its end", async () => {
    await using folder = await trialFolder();
    const assetId = newAsset();
    const path = `/uploads/${assetId}`;
    const nodeId = newId("node", Date.now());
    const full = "store_full";
    {
      await using store = await openTrialStore(folder.path);
      // Stands for the crash: the store takes nothing in.
      const broken = Object.create(store, {
        adoptSource: { value: () => Promise.reject(new Error(full)) },
        uploadFolder: { value: store.uploadFolder },
        usage: { get: () => store.usage },
        reserve: { value: (bytes: number) => store.reserve(bytes) },
        getPiece: { value: () => null },
        readDocument: { value: (name: string) => store.readDocument(name) },
        writeDocument: { value: (name: string, content: unknown) => store.writeDocument(name, content) },
      }) as typeof store;
      await using receiver = await openReceiver({ store: broken, nodeId });
      const ticket = await ticketFor(receiver.node, assetId);
      await create(receiver.node, ticket);
      const failed = await patch(receiver.node, ticket, { path, offset: 0, body: source });
      assert.equal(failed.status, 500);
    }
    await using store = await openTrialStore(folder.path);
    await using receiver = await openReceiver({ store, nodeId });
    await until(() => receiver.reports.length > 0);
    assert.ok(store.getPiece(assetId, sourcePieceId) !== null);
  });

  it("is reported again after a restart, until the control plane has heard", async () => {
    await using folder = await trialFolder();
    await using store = await openTrialStore(folder.path);
    const assetId = newAsset();
    {
      const reportUpload: ReportUpload = (_report, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            reject(new VsError("cancelled", "stopping"));
          });
        });
      await using deaf = await openReceiver({ store, reportUpload });
      const ticket = await ticketFor(deaf.node, assetId);
      await create(deaf.node, ticket);
      await patch(deaf.node, ticket, { path: `/uploads/${assetId}`, offset: 0, body: source });
    }
    await using receiver = await openReceiver({ store });
    await until(() => receiver.reports.length > 0);
    await using third = await openReceiver({ store });
    await systemClock.sleep(50);
    assert.equal(third.reports.length, 0);
  });

  it("whose bytes are not the announced ones leaves nothing behind but a report", async () => {
    await using receiver = await openReceiver();
    const { node, reports } = receiver;
    const assetId = newAsset();
    const ticket = await ticketFor(node, assetId);
    await create(node, ticket);
    const changed = Buffer.from(source);
    changed.writeUInt8(changed.readUInt8(1000) ^ 1, 1000);
    const refused = await patch(node, ticket, { path: `/uploads/${assetId}`, offset: 0, body: changed });
    assert.equal(refused.status, 422);
    assert.equal(codeOf(refused), "source_changed");
    assert.deepEqual(await readdir(node.store.uploadFolder), []);
    assert.equal(node.store.getPiece(assetId, sourcePieceId), null);
    await until(() => reports.length > 0);
    assert.match(JSON.stringify(reports), /"kind":"failed".*source_changed/);
  });

  it("that the control plane has no use for leaves no source behind", async () => {
    const reportUpload: ReportUpload = () => Promise.resolve(false);
    await using receiver = await openReceiver({ reportUpload });
    const { node } = receiver;
    const assetId = newAsset();
    const ticket = await ticketFor(node, assetId);
    await create(node, ticket);
    await patch(node, ticket, { path: `/uploads/${assetId}`, offset: 0, body: source });
    await until(() => node.store.getPiece(assetId, sourcePieceId) === null);
  });

  it("takes no more bytes than were announced", async () => {
    await using receiver = await openReceiver();
    const { node } = receiver;
    const assetId = newAsset();
    const ticket = await ticketFor(node, assetId);
    assert.equal((await create(node, ticket, source.length + 1)).status, 400);
    await create(node, ticket);
    const body = Buffer.concat([source, Buffer.from("more")]);
    const refused = await patch(node, ticket, { path: `/uploads/${assetId}`, offset: 0, body });
    assert.equal(refused.status, 413);
    assert.equal(codeOf(refused), "source_too_large");
    assert.equal(node.store.getPiece(assetId, sourcePieceId), null);
  });

  it("that starts in the wrong place is told to look where it goes on", async () => {
    await using receiver = await openReceiver();
    const { node } = receiver;
    const assetId = newAsset();
    const ticket = await ticketFor(node, assetId);
    await create(node, ticket);
    const refused = await patch(node, ticket, { path: `/uploads/${assetId}`, offset: 7, body: source.subarray(7) });
    assert.equal(refused.status, 409);
    assert.equal(codeOf(refused), "unavailable");
  });

  it("can be given up", async () => {
    await using receiver = await openReceiver();
    const { node } = receiver;
    const assetId = newAsset();
    const ticket = await ticketFor(node, assetId);
    await create(node, ticket);
    assert.equal((await tus(node, ticket, { method: "DELETE", path: `/uploads/${assetId}` })).status, 204);
    assert.deepEqual(await readdir(node.store.uploadFolder), []);
    assert.equal((await tus(node, ticket, { method: "HEAD", path: `/uploads/${assetId}` })).status, 404);
  });

  it("is removed when nobody finishes it within a day", async () => {
    await using folder = await trialFolder();
    await using store = await openTrialStore(folder.path);
    {
      await using receiver = await openReceiver({ store });
      await create(receiver.node, await ticketFor(receiver.node, newAsset()));
      assert.equal((await readdir(store.uploadFolder)).length, 2);
    }
    const late = { ...systemClock, now: () => Date.now() + unfinishedUploadMs + 1000 };
    await using _later = await openReceiver({ store, clock: late });
    for (let tries = 0; (await readdir(store.uploadFolder)).length > 0; tries += 1) {
      assert.ok(tries < 100);
      await systemClock.sleep(10);
    }
  });

  it("finds no room on a node that is full, and says so", async () => {
    await using folder = await trialFolder();
    await using store = await openTrialStore(folder.path, { capacityBytes: 200_000 });
    await using receiver = await openReceiver({ store });
    const refused = await create(receiver.node, await ticketFor(receiver.node, newAsset()));
    assert.equal(refused.status, 507);
    assert.equal(codeOf(refused), "storage_full");
    assert.deepEqual(await readdir(store.uploadFolder), []);
  });

  it("keeps its room until it is finished, then gives it back", async () => {
    await using folder = await trialFolder();
    await using store = await openTrialStore(folder.path, { capacityBytes: 500_000 });
    await using receiver = await openReceiver({ store });
    const { node } = receiver;
    const [first, second] = [newAsset(), newAsset()];
    const ticket = await ticketFor(node, first);
    await create(node, ticket);
    assert.equal((await create(node, await ticketFor(node, second))).status, 507);
    await tus(node, ticket, { method: "DELETE", path: `/uploads/${first}` });
    assert.equal((await create(node, await ticketFor(node, second))).status, 201);
  });

  it("that is unwanted goes with the room kept for it", async () => {
    await using folder = await trialFolder();
    await using store = await openTrialStore(folder.path, { capacityBytes: 500_000 });
    await using receiver = await openReceiver({ store });
    const { node } = receiver;
    const [moved, next] = [newAsset(), newAsset()];
    await create(node, await ticketFor(node, moved));
    assert.deepEqual(await node.serving.unfinishedUploads(), [moved]);
    await node.serving.forgetUploads([moved]);
    assert.deepEqual(await readdir(store.uploadFolder), []);
    assert.equal((await create(node, await ticketFor(node, next))).status, 201);
  });

  it("ends with 507 and without a partial file when the disk is full after all", async function () {
    await using folder = await trialFolder();
    const small = join(folder.path, "small");
    await mkdir(small);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", small]);
    // Only root may mount.
    if (mounted.status !== 0) this.skip();
    try {
      await using store = await openTrialStore(folder.path);
      const cramped = Object.create(store, {
        uploadFolder: { value: small },
        ...Object.fromEntries(
          (["getPiece", "readDocument", "writeDocument", "reserve"] as const).map((name) => [
            name,
            { value: store[name].bind(store) },
          ]),
        ),
      }) as typeof store;
      await using receiver = await openReceiver({ store: cramped });
      const assetId = newAsset();
      const ticket = await ticketFor(receiver.node, assetId);
      await create(receiver.node, ticket);
      const refused = await patch(receiver.node, ticket, { path: `/uploads/${assetId}`, offset: 0, body: source });
      assert.equal(refused.status, 507);
      assert.equal(codeOf(refused), "storage_full");
      assert.deepEqual(await readdir(small), []);
    } finally {
      spawnSync("umount", [small]);
    }
  });
});

describe("an upload ticket", () => {
  const refusals: [string, (node: TrialNode, assetId: AssetId) => Promise<string>, number, string][] = [
    ["that is none", () => Promise.resolve("nonsense"), 401, "token_invalid"],
    [
      "signed by somebody else",
      async (node, assetId) => await ticketFor(node, assetId, { key: (await generateKeyPair("ES256")).privateKey }),
      401,
      "token_invalid",
    ],
    ["that has expired", (node, assetId) => ticketFor(node, assetId, { expiresInSeconds: -10 }), 401, "token_expired"],
    [
      "for another node",
      (node, assetId) => ticketFor(node, assetId, { aud: newId("node", Date.now()) }),
      403,
      "forbidden",
    ],
    ["without a hash", (node, assetId) => ticketFor(node, assetId, { sha256: "" }), 401, "token_invalid"],
  ];
  for (const [name, make, status, code] of refusals) {
    it(`${name} is refused on creation and on every later request`, async () => {
      await using receiver = await openReceiver();
      const { node } = receiver;
      const assetId = newAsset();
      const path = `/uploads/${assetId}`;
      const wrong = await make(node, assetId);
      const refused = await create(node, wrong);
      assert.equal(refused.status, status);
      assert.equal(codeOf(refused), code);
      await create(node, await ticketFor(node, assetId));
      assert.equal((await tus(node, wrong, { method: "HEAD", path })).status, status);
      const body = source.subarray(0, 10);
      assert.equal((await patch(node, wrong, { path, offset: 0, body })).status, status);
      assert.equal((await tus(node, wrong, { method: "DELETE", path })).status, status);
      const head = await tus(node, await ticketFor(node, assetId), { method: "HEAD", path });
      assert.equal(head.headers["upload-offset"], "0");
    });
  }

  it("is needed at all", async () => {
    await using receiver = await openReceiver();
    const refused = await fetchRaw(receiver.node.url, "/uploads", {
      method: "POST",
      headers: { "tus-resumable": "1.0.0", "upload-length": "5" },
    });
    assert.equal(refused.status, 401);
    assert.equal(codeOf(refused), "unauthenticated");
    assert.equal(refused.headers["www-authenticate"], "Bearer");
  });

  it("opens no other asset's upload", async () => {
    await using receiver = await openReceiver();
    const { node } = receiver;
    const assetId = newAsset();
    await create(node, await ticketFor(node, assetId));
    const other = await ticketFor(node, newAsset());
    const answer = await tus(node, other, { method: "HEAD", path: `/uploads/${assetId}` });
    assert.equal(answer.status, 403);
  });

  it("cannot be checked before the control plane was heard", async () => {
    await using node = await openTrialNode(new TrialCluster());
    const refused = await create(node, await ticketFor(node, newAsset()));
    assert.equal(refused.status, 503);
  });
});
