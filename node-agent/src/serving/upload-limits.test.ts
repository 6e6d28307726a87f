// What an upload may not do or take, and the room that is kept for it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, stat } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { systemClock } from "@vstream/core/clock.ts";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import { newAssetId, openTrialStore, trialFolder } from "../store/trial-store.fixture.ts";
import { codeOf } from "./trial-serving.fixture.ts";
import { create, openReceiver, patch, source, sourceHash, ticketFor, tus } from "./trial-upload.fixture.ts";
import { unfinishedUploadMs } from "./uploads.ts";

describe("an upload", () => {
  it("takes no more bytes than were announced", async () => {
    await using receiver = await openReceiver();
    const { node } = receiver;
    const assetId = newAssetId();
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
    const assetId = newAssetId();
    const ticket = await ticketFor(node, assetId);
    await create(node, ticket);
    const refused = await patch(node, ticket, { path: `/uploads/${assetId}`, offset: 7, body: source.subarray(7) });
    assert.equal(refused.status, 409);
    assert.equal(codeOf(refused), "unavailable");
  });

  it("is not written to while this node takes the same source in, but asked how far that is", async () => {
    await using receiver = await openReceiver();
    const { node } = receiver;
    const assetId = newAssetId();
    const ticket = await ticketFor(node, assetId);
    const path = `/uploads/${assetId}`;
    const ownDisk = new PassThrough();
    const opened = Promise.withResolvers<undefined>();
    const open = (): Promise<Readable> => {
      opened.resolve(undefined);
      return Promise.resolve(ownDisk);
    };
    const taking = node.serving.takeIn({ assetId, bytes: source.length, sha256: sourceHash as Sha256 }, open);
    await opened.promise;
    const refused = await patch(node, ticket, { path, offset: 0, body: randomBytes(source.length) });
    assert.deepEqual([refused.status, codeOf(refused)], [423, "unavailable"]);
    assert.equal((await tus(node, ticket, { method: "DELETE", path })).status, 423);
    assert.equal((await tus(node, ticket, { method: "HEAD", path })).headers["upload-length"], String(source.length));
    ownDisk.end(source);
    await taking;
    assert.notEqual(node.store.getPiece(assetId, sourcePieceId), null);
    assert.equal((await patch(node, ticket, { path, offset: 0, body: source })).status, 204);
  });

  it("makes way, in its middle, for the same source from this node's own disk", async () => {
    await using receiver = await openReceiver();
    const { node } = receiver;
    const assetId = newAssetId();
    const ticket = await ticketFor(node, assetId);
    await create(node, ticket);
    const path = `/uploads/${assetId}`;
    const { hostname, port } = new URL(node.url);
    const sending = request({ host: hostname, port, path, method: "PATCH", agent: false });
    sending.on("error", () => undefined);
    const headers = { "upload-offset": "0", "content-type": "application/offset+octet-stream" };
    const head = { ...headers, "tus-resumable": "1.0.0", authorization: `Bearer ${ticket}` };
    for (const [name, value] of Object.entries(head)) sending.setHeader(name, value);
    sending.setHeader("content-length", String(source.length));
    sending.write(source.subarray(0, 1_000));
    const sizeNow = async (): Promise<number> => (await stat(join(node.store.uploadFolder, assetId))).size;
    while ((await sizeNow()) === 0) await systemClock.sleep(10);
    let from = -1;
    await node.serving.takeIn({ assetId, bytes: source.length, sha256: sourceHash as Sha256 }, (fromByte) => {
      from = fromByte;
      return Promise.resolve(Readable.from([source.subarray(fromByte)]));
    });
    sending.destroy();
    assert.equal(from, 1_000);
    assert.notEqual(node.store.getPiece(assetId, sourcePieceId), null);
  });

  it("can be given up", async () => {
    await using receiver = await openReceiver();
    const { node } = receiver;
    const assetId = newAssetId();
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
      await create(receiver.node, await ticketFor(receiver.node, newAssetId()));
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
    const refused = await create(receiver.node, await ticketFor(receiver.node, newAssetId()));
    assert.equal(refused.status, 507);
    assert.equal(codeOf(refused), "storage_full");
    assert.deepEqual(await readdir(store.uploadFolder), []);
  });

  it("keeps its room until it is finished, then gives it back", async () => {
    await using folder = await trialFolder();
    await using store = await openTrialStore(folder.path, { capacityBytes: 500_000 });
    await using receiver = await openReceiver({ store });
    const { node } = receiver;
    const [first, second] = [newAssetId(), newAssetId()];
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
    const [moved, next] = [newAssetId(), newAssetId()];
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
      const assetId = newAssetId();
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
