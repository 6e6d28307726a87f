import assert from "node:assert/strict";
import { generateKeyPair } from "jose";
import { newId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import { newAssetId } from "../store/trial-store.fixture.ts";
import { TrialCluster, codeOf, fetchRaw, openTrialNode } from "./trial-serving.fixture.ts";
import type { TrialNode } from "./trial-serving.fixture.ts";
import { create, openReceiver, patch, source, ticketFor, tus } from "./trial-upload.fixture.ts";

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
      const assetId = newAssetId();
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
    const assetId = newAssetId();
    await create(node, await ticketFor(node, assetId));
    const other = await ticketFor(node, newAssetId());
    const answer = await tus(node, other, { method: "HEAD", path: `/uploads/${assetId}` });
    assert.equal(answer.status, 403);
  });

  it("cannot be checked before the control plane was heard", async () => {
    await using node = await openTrialNode(new TrialCluster());
    const refused = await create(node, await ticketFor(node, newAssetId()));
    assert.equal(refused.status, 503);
  });
});
