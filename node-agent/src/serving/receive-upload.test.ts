// From the first request of an upload to its end, over cuts and restarts.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { systemClock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { newId, sourcePieceId } from "@vstream/core/ids.ts";
import { newAssetId, openTrialStore, trialFolder } from "../store/trial-store.fixture.ts";
import { codeOf } from "./trial-serving.fixture.ts";
import {
  create,
  hangUpAfter,
  openReceiver,
  patch,
  source,
  sourceHash,
  ticketFor,
  tus,
  until,
} from "./trial-upload.fixture.ts";
import type { ReportUpload } from "./upload-reports.ts";

describe("an upload", () => {
  it("becomes the asset's source piece, and is reported", async () => {
    await using receiver = await openReceiver();
    const { node, reports } = receiver;
    const assetId = newAssetId();
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
    const assetId = newAssetId();
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
    const assetId = newAssetId();
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
    const assetId = newAssetId();
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
    const assetId = newAssetId();
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
    const assetId = newAssetId();
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
    const assetId = newAssetId();
    const ticket = await ticketFor(node, assetId);
    await create(node, ticket);
    await patch(node, ticket, { path: `/uploads/${assetId}`, offset: 0, body: source });
    await until(() => node.store.getPiece(assetId, sourcePieceId) === null);
  });
});
