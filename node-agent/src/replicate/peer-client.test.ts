// Reading from other agents over mutual TLS: what comes, who is believed, and how long anything may take.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, open, truncate } from "node:fs/promises";
import { request } from "node:https";
import type { IncomingMessage } from "node:http";
import { createConnection, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { pipeline } from "node:stream";
import { connect } from "node:tls";
import { systemClock } from "@vstream/core/clock.ts";
import { newId } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { TrialAuthority, joinedNode } from "../identity/authority.fixture.ts";
import type { Credentials } from "../identity/node-identity.ts";
import { manifestOf, neverAborted, newAssetId, quietLog, refOf } from "../store/trial-store.fixture.ts";
import { openPeers } from "./peer-client.ts";
import { openPeerListener } from "./peer-listener.ts";
import type { PeerListener } from "./peer-listener.ts";
import type { PeerStatus } from "./peers.ts";
import { addressOf, trialCluster, trialLoad } from "./trial-nodes.fixture.ts";
import type { TrialCluster, TrialNode } from "./trial-nodes.fixture.ts";

describe("peers", () => {
  let cluster: TrialCluster;
  let here: TrialNode;
  let there: TrialNode;
  let bytes: Buffer;
  let object: ObjectRef;
  beforeEach(async () => {
    cluster = await trialCluster(2);
    [here, there] = cluster.nodes as [TrialNode, TrialNode];
    bytes = randomBytes(3_000_000);
    object = await there.store.putBytes(bytes);
  });
  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
  });
  const readAll = async (fromByte: number): Promise<Buffer> =>
    await whole(await here.peers.openObject(there.nodeId, object, fromByte, neverAborted));
  const refusedFor = async (holder: TrialNode["nodeId"], message: RegExp): Promise<void> => {
    await assert.rejects(here.peers.openObject(holder, object, 0, neverAborted), { code: "peer_failed", message });
  };

  it("give an object from any byte on", async () => {
    assert.deepEqual(await readAll(0), bytes);
    assert.deepEqual(await readAll(2_999_999), bytes.subarray(2_999_999));
    assert.deepEqual(await readAll(3_000_000), Buffer.alloc(0));
  });

  it("give the empty object", async () => {
    const empty = await there.store.putBytes(Buffer.alloc(0));
    assert.deepEqual(await whole(await here.peers.openObject(there.nodeId, empty, 0, neverAborted)), Buffer.alloc(0));
  });

  it("give a range of an object, many at once", async () => {
    const reads = Array.from({ length: 40 }, async (_, index) => {
      const range = { start: index * 1000, end: index * 1000 + 1500 };
      const part = await here.peers.readRange(there.nodeId, object, range, neverAborted);
      assert.deepEqual(part, bytes.subarray(range.start, range.end));
    });
    await Promise.all(reads);
  });

  it("say that they lack an object, or have it in another size", async () => {
    const absent = refOf(Buffer.from("absent"));
    await assert.rejects(here.peers.openObject(there.nodeId, absent, 0, neverAborted), { code: "object_missing" });
    const resized = { sha256: object.sha256, bytes: object.bytes - 1 };
    for (const fromByte of [0, 1]) {
      await assert.rejects(here.peers.openObject(there.nodeId, resized, fromByte, neverAborted), {
        code: "object_corrupt",
      });
    }
  });

  it("give the manifest that they keep", async () => {
    const manifest = manifestOf(newAssetId(), 3, { from: 0, pieces: [] });
    await there.store.keepManifest(manifest);
    assert.deepEqual(await here.peers.getManifest(there.nodeId, manifest.assetId, neverAborted), manifest);
    assert.equal(await here.peers.getManifest(there.nodeId, newAssetId(), neverAborted), null);
  });

  it("say how they are", async () => {
    assert.deepEqual(await here.peers.getStatus(there.nodeId, neverAborted), { ready: true, load: trialLoad });
  });

  it("show that they live by whatever they answer, also what this release does not understand", async () => {
    const { nodeId, listener } = there;
    there.peers.setDirectory([there.address]);
    assert.deepEqual(await here.peers.getStatus(nodeId, neverAborted), { ready: true, load: null }, "403");
    there.peers.setDirectory([there.address, here.address]);
    await listener[Symbol.asyncDispose]();
    const { viewersQuietMs: _, ...former } = trialLoad;
    for (const [said, ready] of [
      [{ ready: false, load: former }, false],
      [{ ready: true, load: { ...trialLoad, viewersQuietMs: -1 } }, true],
      [{ ready: true, load: { ...trialLoad, egressBps: NaN } }, true],
      [{ state: "fine" }, true],
    ] as const) {
      await using _again = await openAgain(there, listener.address.port, said as PeerStatus);
      const answer = await here.peers.getStatus(nodeId, neverAborted);
      assert.deepEqual(answer, { ready, load: null }, JSON.stringify(said));
    }
  });

  it("say how they are while they copy as much as they may", async () => {
    const gate = Promise.withResolvers<undefined>();
    there.faults.read = async (sha256, range) => {
      await gate.promise;
      return await there.store.read(sha256, range);
    };
    const copies = Array.from({ length: 64 }, () => readAll(0));
    assert.deepEqual(await here.peers.getStatus(there.nodeId, neverAborted), { ready: true, load: trialLoad });
    assert.equal(await here.peers.getManifest(there.nodeId, newAssetId(), neverAborted), null);
    await here.peers.tellDamage(there.nodeId, object.sha256, neverAborted);
    gate.resolve(undefined);
    await Promise.all(copies);
  });

  it("are reached over the connections that stand, a few at most for each use", async () => {
    await using relay = await openRelay(there.listener.address.port);
    here.peers.setDirectory([addressOf(there.nodeId, relay.port)]);
    for (let count = 0; count < 3; count += 1) {
      await readAll(0);
      await here.peers.getStatus(there.nodeId, neverAborted);
    }
    assert.equal(relay.connections, 2);
    await Promise.all(Array.from({ length: 60 }, () => readAll(2_000_000)));
    assert.equal(relay.connections, 33);
  });

  it("never begin to give what is wrong on their disk, and find that out once for all who ask", async () => {
    const path = there.store.pathOf(object.sha256)!;
    await chmod(path, 0o644);
    await using file = await open(path, "r+");
    await file.write(Buffer.from([(bytes.at(-1) ?? 0) ^ 1]), 0, 1, bytes.length - 1);
    const range = { start: 0, end: 1000 };
    const asked = [0, 1, 2].map(() => here.peers.readRange(there.nodeId, object, range, neverAborted));
    for (const one of asked) await assert.rejects(one, { code: "peer_failed" });
    assert.deepEqual(there.damaged, [object.sha256]);
    const { answer, body } = await plainGet(there, `/objects/${object.sha256}`, here.identity.credentials());
    assert.deepEqual([answer.statusCode, body.length], [500, 0]);
  });

  it("are looked up in the directory without a new copy of it each time", () => {
    assert.equal(here.peers.directory, here.peers.directory);
  });

  it("are told of an object that came wrong, and look at it once", async () => {
    await here.peers.tellDamage(there.nodeId, object.sha256, neverAborted);
    await here.peers.tellDamage(there.nodeId, object.sha256, neverAborted);
    assert.deepEqual(there.damaged, [object.sha256]);
    const absent = refOf(Buffer.from("absent"));
    const telling = here.peers.tellDamage(there.nodeId, absent.sha256, neverAborted);
    await assert.rejects(telling, { code: "peer_failed", message: /404/ });
    there.peers.setDirectory([there.address]);
    const other = await there.store.putBytes(Buffer.from("other"));
    await assert.rejects(here.peers.tellDamage(there.nodeId, other.sha256, neverAborted), { message: /403/ });
    assert.deepEqual(there.damaged, [object.sha256]);
  });

  it("see by themselves that a file of theirs has become shorter", async () => {
    await truncate(there.store.pathOf(object.sha256)!, 2_000_000);
    await assert.rejects(readAll(0), { code: "peer_failed" });
    assert.deepEqual(there.damaged, [object.sha256]);
  });

  it("are only asked when the directory names them", async () => {
    await refusedFor(newId("node", 1), /directory/);
    here.peers.setDirectory([{ ...there.address, peerUrl: "http://127.0.0.1:1" }]);
    await refusedFor(there.nodeId, /directory/);
  });

  it("answer nobody whom their directory does not name, on an open connection too", async () => {
    await readAll(0);
    there.peers.setDirectory([there.address]);
    await refusedFor(there.nodeId, /403/);
  });

  it("are not believed when another node of the cluster answers in their place", async () => {
    const elsewhere = newId("node", 1);
    await readAll(0);
    here.peers.setDirectory([addressOf(elsewhere, there.listener.address.port)]);
    await refusedFor(elsewhere, /names another node/);
  });

  it("are not believed, and get nothing, when they are of another cluster", async () => {
    await using stranger = await joinedNode(await TrialAuthority.make());
    await using peers = openPeers({ identity: stranger.identity, log: quietLog, clock: systemClock });
    peers.setDirectory([there.address]);
    await assert.rejects(peers.openObject(there.nodeId, object, 0, neverAborted), { code: "peer_failed" });
    const { certificatePem, keyPem } = stranger.identity.credentials();
    const trusting = { certificatePem, keyPem, authorityPem: cluster.authority.pem };
    await assert.rejects(plainGet(there, `/objects/${object.sha256}`, trusting));
  });

  it("ask for a certificate", async () => {
    const socket = connect({ port: there.listener.address.port, host: "127.0.0.1", rejectUnauthorized: false });
    socket.on("secureConnect", () => socket.write("GET /objects/x HTTP/1.1\r\nHost: x\r\n\r\n"));
    let answer = "";
    socket.on("data", (part: Buffer) => (answer += part.toString()));
    await once(socket, "close").catch(() => undefined);
    assert.equal(answer, "");
  });

  it("answer only what they are for", async () => {
    const known = here.identity.credentials();
    const path = `/objects/${object.sha256}`;
    const statusOf = async (asked: string, options: object = {}): Promise<number | undefined> =>
      (await plainGet(there, asked, known, options)).answer.statusCode;
    for (const asked of ["/", "/objects/", "/objects/../../etc/passwd", `${path}/x`, `${path}?x`, "/manifests/as1"]) {
      assert.equal(await statusOf(asked), 404, asked);
    }
    assert.equal(await statusOf(path, { method: "DELETE" }), 405);
    assert.equal(await statusOf(path, { method: "POST" }), 405);
    const notice = `/damage/${object.sha256}`;
    assert.equal(await statusOf(notice), 405);
    assert.equal(await statusOf(notice, { method: "POST", headers: { "content-length": "5" } }), 413);
    assert.equal(await statusOf("/damage/x", { method: "POST" }), 404);
    assert.equal(await statusOf("/status/x"), 404);
    assert.deepEqual(there.damaged, []);
    assert.equal(await statusOf(path, { headers: { range: "bytes=3000000-" } }), 416);
    const suffix = await plainGet(there, path, known, { headers: { range: "bytes=-10" } });
    assert.equal(suffix.answer.headers["content-range"], "bytes 2999990-2999999/3000000");
    assert.deepEqual(suffix.body, bytes.subarray(-10));
    const head = await plainGet(there, path, known, { method: "HEAD" });
    assert.deepEqual([head.answer.headers["content-length"], head.body.length], ["3000000", 0]);
  });

  it("go on with a new certificate, without a restart", async () => {
    await readAll(0);
    for (const node of [there, here]) {
      const certificatePem = await cluster.authority.sign(await node.identity.makeRequest(), node.nodeId);
      await node.identity.install({ nodeId: node.nodeId, certificatePem, authorityPem: cluster.authority.pem });
    }
    assert.deepEqual(await readAll(0), bytes);
    const socket = connect({
      port: there.listener.address.port,
      host: "127.0.0.1",
      ca: cluster.authority.pem,
      servername: there.nodeId,
      key: here.identity.keyPem,
      cert: here.identity.credentials().certificatePem,
    });
    await once(socket, "secureConnect");
    const shown = socket.getPeerX509Certificate()?.toString().trim();
    socket.destroy();
    assert.equal(shown, there.identity.credentials().certificatePem.trim());
  });

  it("are asked again when a kept connection ended with their restart", async () => {
    await Promise.all([readAll(0), readAll(0), readAll(0)]);
    const { port } = there.listener.address;
    await there.listener[Symbol.asyncDispose]();
    await using _again = await openAgain(there, port);
    assert.deepEqual(await readAll(0), bytes);
  });

  it("say so when their port is taken", async () => {
    await assert.rejects(openAgain(there, here.listener.address.port), { code: "port_taken" });
  });

  it("stop reading when told to", async () => {
    const stop = new AbortController();
    const stream = await here.peers.openObject(there.nodeId, object, 0, stop.signal);
    const reading = (async () => {
      for await (const part of stream) if (part.length > 0) stop.abort(new Error("enough"));
    })();
    await assert.rejects(reading, /enough/);
  });

  it("are given up when nobody completes a connection within 3 s", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const sockets = new Set<{ destroy: () => void }>();
    silent.on("connection", (socket) => sockets.add(socket));
    try {
      here.peers.setDirectory([addressOf(there.nodeId, (silent.address() as AddressInfo).port)]);
      const startedAt = performance.now();
      await refusedFor(there.nodeId, /no connection within 3 s/);
      assert.ok(performance.now() - startedAt < 4000);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });

  it("let a running answer end before they close, and take nothing new", async () => {
    const stream = await here.peers.openObject(there.nodeId, object, 0, neverAborted);
    const closing = there.listener[Symbol.asyncDispose]();
    assert.deepEqual(await whole(stream), bytes);
    await closing;
    await refusedFor(there.nodeId, /ECONNREFUSED/);
  });
});

async function openAgain(
  { store, peers, identity }: TrialNode,
  port: number,
  status: PeerStatus = { ready: true, load: trialLoad },
): Promise<PeerListener> {
  return await openPeerListener({
    ...{ store, peers, identity, listen: { host: "127.0.0.1", port }, log: quietLog, clock: systemClock },
    status: () => status,
    onDamage: () => undefined,
  });
}

/** Passes connections on to a port, and counts them. */
async function openRelay(port: number): Promise<{ port: number; readonly connections: number } & AsyncDisposable> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    const onward = createConnection(port, "127.0.0.1");
    pipeline(socket, onward, socket, () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return sockets.length;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function whole(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

async function plainGet(
  node: TrialNode,
  path: string,
  credentials: Credentials,
  options: object = {},
): Promise<{ answer: IncomingMessage; body: Buffer }> {
  const asked = request({
    host: "127.0.0.1",
    port: node.listener.address.port,
    path,
    servername: node.nodeId,
    key: credentials.keyPem,
    cert: credentials.certificatePem,
    ca: credentials.authorityPem,
    agent: false,
    ...options,
  });
  asked.end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return { answer, body: await whole(answer as AsyncIterable<Uint8Array>) };
}
