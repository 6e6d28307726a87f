// Who a node is, over restarts, and what it does not let itself be told.
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@vstream/core/clock.ts";
import { newId } from "@vstream/core/ids.ts";
import { openLog } from "@vstream/core/log.ts";
import { TrialAuthority, hourMs, joinedNode } from "./authority.fixture.ts";
import { startCertificateKeeper } from "./certificate-keeper.ts";
import { nodeIdOfNames } from "./check-certificate.ts";
import { openIdentity } from "./node-identity.ts";
import type { NodeIdentity } from "./node-identity.ts";

const nodeId = newId("node", Date.now());
const { log } = openLog({ program: "test", level: "silent" });

describe("a node's identity", () => {
  let authority: TrialAuthority;
  let dataDir: string;
  let identity: NodeIdentity;
  before(async () => {
    authority = await TrialAuthority.make();
  });
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "vstream-identity-"));
    identity = await openIdentity({ dataDir, clock: systemClock });
  });
  afterEach(async () => {
    await rm(dataDir, { recursive: true, force: true });
  });
  const reopen = (at = Date.now()): Promise<NodeIdentity> =>
    openIdentity({ dataDir, clock: { ...systemClock, now: () => at } });
  const joinCluster = async (): Promise<void> => {
    const certificatePem = await authority.sign(await identity.makeRequest(), nodeId);
    await identity.install({ nodeId, certificatePem, authorityPem: authority.pem });
  };

  it("has a key of its own from the first start on, and nobody else may read it", async () => {
    assert.equal(identity.nodeId, null);
    assert.throws(() => identity.credentials(), { code: "unauthenticated" });
    assert.equal((await reopen()).keyPem, identity.keyPem);
    const folder = join(dataDir, "identity");
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    for (const name of await readdir(folder)) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
  });

  it("keeps its certificate over a restart and tells who listens", async () => {
    let told = 0;
    const stopListening = identity.onChange(() => (told += 1));
    await joinCluster();
    stopListening();
    await joinCluster();
    assert.equal(told, 1);
    const again = await reopen();
    assert.deepEqual(again.credentials(), identity.credentials());
    assert.equal(again.nodeId, nodeId);
    assert.ok(Math.abs((again.halfLifeAt ?? 0) - Date.now()) < 5000);
  });

  it("refuses a certificate of another cluster", async () => {
    const other = await TrialAuthority.make();
    const certificatePem = await other.sign(await identity.makeRequest(), nodeId);
    const given = { nodeId, certificatePem, authorityPem: authority.pem };
    await assert.rejects(identity.install(given), { code: "wrong_cluster", message: /not issued by this cluster/ });
    assert.equal(identity.nodeId, null);
  });

  it("refuses a certificate for another key, another node or another time", async () => {
    await using stranger = await joinedNode(authority);
    const own = await identity.makeRequest();
    const refused = [
      await authority.sign(await stranger.identity.makeRequest(), nodeId),
      await authority.sign(own, stranger.nodeId),
      await authority.sign(own, nodeId, { from: Date.now() - 2 * hourMs, to: Date.now() - hourMs }),
      await authority.sign(own, nodeId, { from: Date.now() + hourMs, to: Date.now() + 2 * hourMs }),
      "not a certificate",
    ];
    for (const certificatePem of refused) {
      const given = { nodeId, certificatePem, authorityPem: authority.pem };
      await assert.rejects(identity.install(given), { code: "wrong_cluster" });
    }
    assert.equal((await reopen()).nodeId, null);
  });

  it("does not move to another cluster, nor become another node while its certificate is valid", async () => {
    await joinCluster();
    const request = await identity.makeRequest();
    const other = await TrialAuthority.make();
    const elsewhere = { nodeId, certificatePem: await other.sign(request, nodeId), authorityPem: other.pem };
    await assert.rejects(identity.install(elsewhere), { code: "wrong_cluster" });
    const otherId = newId("node", Date.now());
    const renamed = {
      nodeId: otherId,
      certificatePem: await authority.sign(request, otherId),
      authorityPem: authority.pem,
    };
    await assert.rejects(identity.install(renamed), { code: "wrong_cluster" });
  });

  it("may join its cluster anew when its certificate has ended", async () => {
    await joinCluster();
    const later = Date.now() + 3 * hourMs;
    const ended = await reopen(later);
    assert.equal(ended.nodeId, nodeId);
    const otherId = newId("node", later);
    const certificatePem = await authority.sign(await ended.makeRequest(), otherId, {
      from: later,
      to: later + hourMs,
    });
    await ended.install({ nodeId: otherId, certificatePem, authorityPem: authority.pem });
    assert.equal(ended.nodeId, otherId);
  });

  for (const [what, name] of [
    ["key", "key.pem"],
    ["certificate", "membership.json"],
  ] as const) {
    it(`says so when its ${what} is damaged`, async () => {
      await joinCluster();
      await writeFile(join(dataDir, "identity", name), "gibberish");
      await assert.rejects(reopen(), { code: "data_folder_unusable" });
    });
  }

  it("says so when its key is gone or another one's", async () => {
    await joinCluster();
    await using stranger = await joinedNode(authority);
    await writeFile(join(dataDir, "identity", "key.pem"), stranger.identity.keyPem);
    await assert.rejects(reopen(), { code: "data_folder_unusable" });
    await rm(join(dataDir, "identity", "key.pem"));
    await assert.rejects(reopen(), { code: "data_folder_unusable" });
  });
});

describe("the certificate keeper", () => {
  it("renews at half the certificate's life, trying again while nobody answers", async () => {
    const authority = await TrialAuthority.make();
    let now = Date.now();
    const slept: number[] = [];
    const clock = {
      ...systemClock,
      now: () => now,
      sleep: (ms: number, signal?: AbortSignal) => {
        signal?.throwIfAborted();
        slept.push(ms);
        now += ms;
        return Promise.resolve();
      },
    };
    await using node = await joinedNode(authority, clock);
    const { halfLifeAt } = await renewOnceFrom(node.identity);
    now = halfLifeAt - 25 * 60_000;
    const askedAt: number[] = [];
    const renewed = Promise.withResolvers<undefined>();
    await using _keeper = startCertificateKeeper({
      identity: node.identity,
      clock,
      log,
      renew: async (request) => {
        askedAt.push(now);
        if (askedAt.length < 3) throw new Error("nobody answers");
        const validity = { from: now - 1000, to: now + 1000 * hourMs };
        node.identity.onChange(() => {
          renewed.resolve(undefined);
        });
        return await authority.sign(request, node.nodeId, validity);
      },
    });
    await renewed.promise;
    assert.deepEqual(
      askedAt.map((at) => at - halfLifeAt),
      [0, 2000, 6000],
    );
    assert.deepEqual(slept.slice(0, 5), [600_000, 600_000, 300_000, 2000, 4000]);

    async function renewOnceFrom(identity: NodeIdentity): Promise<{ halfLifeAt: number }> {
      const certificatePem = await authority.sign(await identity.makeRequest(), node.nodeId, {
        from: now - hourMs,
        to: now + 2 * hourMs,
      });
      await identity.install({ nodeId: node.nodeId, certificatePem, authorityPem: authority.pem });
      return { halfLifeAt: identity.halfLifeAt ?? 0 };
    }
  });
});

describe("the name in a certificate", () => {
  it("is one node's, or nobody's", () => {
    assert.equal(nodeIdOfNames(`URI:vstream://node/${nodeId}, DNS:${nodeId}`), nodeId);
    assert.equal(nodeIdOfNames(`DNS:${nodeId}`), null);
    assert.equal(nodeIdOfNames(`URI:vstream://node/${nodeId}, URI:vstream://node/${newId("node", 1)}`), null);
    assert.equal(nodeIdOfNames(`URI:vstream://node/${nodeId}/x`), null);
    assert.equal(nodeIdOfNames(`URI:"vstream://node/${nodeId}\\u002c x"`), null);
  });
});
