// What an upload may not do or take, and the room that is kept for it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@vstream/core/clock.ts";
import { sourcePieceId } from "@vstream/core/ids.ts";
import { newAssetId, openTrialStore, trialFolder } from "../store/trial-store.fixture.ts";
import { codeOf } from "./trial-serving.fixture.ts";
import { create, openReceiver, patch, source, ticketFor, tus } from "./trial-upload.fixture.ts";
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
