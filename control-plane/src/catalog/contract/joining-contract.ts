// Contract: tokens, and how a node joins with one.
import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import type { Catalog } from "../catalog.ts";
import { aDescription, aToken, now, unique } from "./builders.ts";
import { addNode, eventsOf, join, setHealth } from "./steps.ts";

export function describeJoining(catalog: () => Catalog): void {
  describe("joining", () => {
    function joining(tokenId: ReturnType<typeof aToken>["id"], node = aDescription(), at = now) {
      const nodeId = newId("node", now);
      return catalog().commands.joinNode({ tokenId, node, nodeId, certificateExpiresAt: now + 1000, at });
    }

    it("lets exactly one of many in that come with one token", async () => {
      const token = await catalog().commands.createToken(aToken(), "user:test");
      const tries = await Promise.allSettled(Array.from({ length: 20 }, async () => await joining(token.id)));
      const refusals = tries.filter((one) => one.status === "rejected").map((one) => one.reason as { code: string });
      assert.equal(tries.length - refusals.length, 1);
      assert.deepEqual(new Set(refusals.map((reason) => reason.code)), new Set(["token_used"]));
      assert.equal((await catalog().queries.getToken(token.id))?.usedAt, now);
    });

    it("refuses tokens that are unknown, for users, revoked or expired", async () => {
      await assert.rejects(joining(newId("token", now)), { code: "token_invalid" });
      const user = await catalog().commands.createToken(aToken({ kind: "user", role: "admin" }), "user:test");
      await assert.rejects(joining(user.id), { code: "token_invalid" });
      const revoked = await catalog().commands.createToken(aToken(), "user:test");
      await catalog().commands.revokeToken({ tokenId: revoked.id, at: now, actor: "user:test" });
      await assert.rejects(joining(revoked.id), { code: "token_invalid" });
      const expired = await catalog().commands.createToken(aToken({ expiresAt: now + 10 }), "user:test");
      await assert.rejects(joining(expired.id, aDescription(), now + 10), { code: "token_expired" });
    });

    it("refuses another name or region than the token is for, without spending it", async () => {
      const name = unique("edge");
      const token = await catalog().commands.createToken(aToken({ name, region: "us" }), "user:test");
      await assert.rejects(joining(token.id, aDescription({ region: "us" })), { code: "forbidden" });
      await assert.rejects(joining(token.id, aDescription({ name, region: "eu" })), { code: "forbidden" });
      assert.equal((await joining(token.id, aDescription({ name, region: "us" }))).name, name);
    });

    it("refuses a name that is taken by a node that is not down, without spending the token", async () => {
      const { name } = await addNode(catalog());
      const token = await catalog().commands.createToken(aToken(), "user:test");
      await assert.rejects(joining(token.id, aDescription({ name })), { code: "conflict" });
      assert.equal((await catalog().queries.getToken(token.id))?.usedAt, null);
    });

    it("renews a node that is down, or for which the token was made, under its id", async () => {
      const silent = await addNode(catalog());
      await setHealth(catalog(), silent.id, "down");
      assert.equal((await join(catalog(), aDescription({ name: silent.name }))).id, silent.id);
      const alive = await addNode(catalog());
      const description = aDescription({ name: alive.name, version: "2" });
      const renewed = await join(catalog(), description, { name: alive.name });
      assert.deepEqual([renewed.id, renewed.version, renewed.health], [alive.id, "2", "up"]);
      assert.equal((await eventsOf(catalog(), alive.name)).filter((kind) => kind === "node.joined").length, 2);
    });

    it("revokes a token once, and knows the ones it has", async () => {
      const token = await catalog().commands.createToken(aToken(), "user:test");
      const revocation = { tokenId: token.id, at: now + 1, actor: "user:test" };
      assert.equal((await catalog().commands.revokeToken(revocation)).revokedAt, now + 1);
      assert.equal((await catalog().commands.revokeToken({ ...revocation, at: now + 2 })).revokedAt, now + 1);
      assert.deepEqual(await eventsOf(catalog(), token.id), ["token.created", "token.revoked"]);
      const nobody = catalog().commands.revokeToken({ ...revocation, tokenId: newId("token", now) });
      await assert.rejects(nobody, { code: "token_not_found" });
      assert.equal(await catalog().queries.getToken(newId("token", now)), null);
    });
  });
}
