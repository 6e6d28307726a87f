import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmod, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateKeyPair } from "jose";
import { newId, sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { SourceRef } from "@vstream/core/media.ts";
import { newAssetId } from "../store/trial-store.fixture.ts";
import { codeOf, fetchRaw } from "./trial-serving.fixture.ts";
import type { Fetched, TrialNode } from "./trial-serving.fixture.ts";
import { create, openReceiver, ticketFor } from "./trial-upload.fixture.ts";

const name = "Käfer “1”.mp4";
/** Three blocks, the last one short. */
const film = randomBytes(2 * 1024 * 1024 + 5000);

describe("a source", () => {
  it("is given back whole, with its hash and its name", async () => {
    await using holder = await openHolder();
    const whole = await fetchSource(holder);
    assert.equal(whole.status, 200);
    assert.ok(whole.body.equals(film));
    const { etag, "cache-control": caching, "content-length": length, "accept-ranges": ranges } = whole.headers;
    assert.deepEqual([etag, caching], [`"${holder.source.source.sha256}"`, "private, no-store"]);
    assert.deepEqual([length, ranges], [String(film.length), "bytes"]);
    assert.equal(
      whole.headers["content-disposition"],
      `attachment; filename="K_fer _1_.mp4"; filename*=UTF-8''K%C3%A4fer%20%E2%80%9C1%E2%80%9D.mp4`,
    );
    const head = await fetchSource(holder, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers["content-length"], head.body.length], [200, String(film.length), 0]);
  });

  it("is given in ranges, across the borders of blocks, and goes on only as the same source", async () => {
    await using holder = await openHolder();
    const spans: [string, number, number][] = [
      ["bytes=0-0", 0, 1],
      ["bytes=1048570-1048590", 1_048_570, 1_048_591],
      ["bytes=5-", 5, film.length],
      ["bytes=-7", film.length - 7, film.length],
    ];
    for (const [range, start, end] of spans) {
      const part = await fetchSource(holder, { headers: { range, "if-range": `"${holder.source.source.sha256}"` } });
      assert.equal(part.status, 206, range);
      assert.equal(part.headers["content-range"], `bytes ${start}-${end - 1}/${film.length}`);
      assert.ok(part.body.equals(film.subarray(start, end)), range);
    }
    const other = await fetchSource(holder, { headers: { range: "bytes=5-", "if-range": `"${"0".repeat(64)}"` } });
    assert.deepEqual([other.status, other.body.length], [200, film.length]);
    const beyond = await fetchSource(holder, { headers: { range: `bytes=${film.length}-` } });
    assert.deepEqual([beyond.status, beyond.headers["content-range"]], [416, `bytes */${film.length}`]);
  });

  it("needs a ticket for just this: of this asset, node and cluster, to fetch, and not too old", async () => {
    await using holder = await openHolder();
    const { node, assetId } = holder;
    const aud = `download:${node.nodeId}` as const;
    const other = { key: (await generateKeyPair("ES256")).privateKey };
    const right = { aud, name, sha256: holder.source.source.sha256, bytes: film.length };
    const wrong: [string | null, number, string][] = [
      [null, 401, "unauthenticated"],
      ["nonsense", 401, "token_invalid"],
      [await ticketFor(node, assetId, { ...right, ...other }), 401, "token_invalid"],
      [await ticketFor(node, assetId, { ...right, expiresInSeconds: -10 }), 401, "token_expired"],
      [await ticketFor(node, assetId, { ...right, aud: `download:${newId("node", Date.now())}` }), 403, "forbidden"],
      [await ticketFor(node, assetId, { ...right, aud: node.nodeId }), 403, "forbidden"],
      [await ticketFor(node, newAssetId(), right), 403, "forbidden"],
      [await ticketFor(node, assetId, { ...right, sha256: "0".repeat(64) }), 404, "not_found"],
    ];
    for (const [token, status, code] of wrong) {
      const refused = await fetchSource(holder, { token });
      assert.deepEqual([refused.status, codeOf(refused)], [status, code], String(token));
      assert.equal(refused.headers["cache-control"], "no-store");
    }
    assert.equal((await create(node, await ticketFor(node, newAssetId(), right))).status, 403, "opens no upload");
  });

  it("is not there on a node that does not hold it", async () => {
    await using holder = await openHolder();
    await holder.node.store.discard(holder.assetId, []);
    const refused = await fetchSource(holder);
    assert.deepEqual([refused.status, codeOf(refused)], [404, "not_found"]);
  });

  it("is given up to the block that is damaged, and no byte of that; the node hears of it", async () => {
    await using holder = await openHolder();
    const { sha256 } = holder.source.source;
    await damage(join(holder.node.folder, "objects", sha256.slice(0, 2), sha256), 1024 * 1024 + 17);
    await assert.rejects(fetchSource(holder), /aborted|hang up|ECONNRESET/);
    const first = await fetchSource(holder, { headers: { range: "bytes=0-1048575" } });
    assert.ok(first.body.equals(film.subarray(0, 1024 * 1024)));
    const second = await fetchSource(holder, { headers: { range: "bytes=1048576-1048577" } });
    assert.deepEqual([second.status, codeOf(second)], [503, "object_corrupt"]);
    assert.deepEqual([...new Set(holder.node.corrupt)], [sha256]);
  });

  it("counts as sent, but not as watched", async () => {
    await using holder = await openHolder();
    await fetchSource(holder);
    assert.deepEqual(holder.node.serving.demand(), []);
    assert.ok(holder.node.serving.load().egressBps > 0);
  });
});

/** Turns one bit of a file. */
async function damage(path: string, at: number): Promise<void> {
  await chmod(path, 0o600);
  await using file = await open(path, "r+");
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
  await file.write(Buffer.of(buffer.readUInt8() ^ 1), 0, 1, at);
}

interface Holder extends AsyncDisposable {
  readonly node: TrialNode;
  readonly assetId: AssetId;
  readonly source: SourceRef;
}

async function openHolder(): Promise<Holder> {
  const { node, ...receiver } = await openReceiver();
  const assetId = newAssetId();
  const path = join(node.store.uploadFolder, "film");
  await writeFile(path, film);
  const source = await node.store.adoptSource(path);
  const content = { kind: "source", ...source } as const;
  await node.store.recordPiece(assetId, { id: sourcePieceId, content, toolchain: "", madeBy: "" });
  return { node, assetId, source, [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose]() };
}

async function fetchSource(
  { node, assetId, source }: Holder,
  asked: { method?: string; headers?: Record<string, string>; token?: string | null } = {},
): Promise<Fetched> {
  const { sha256, bytes } = source.source;
  const ticket = { aud: `download:${node.nodeId}`, name, sha256, bytes } as const;
  const { method = "GET", token = await ticketFor(node, assetId, ticket) } = asked;
  const authorization: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  return await fetchRaw(node.url, `/sources/${assetId}`, { method, headers: { ...authorization, ...asked.headers } });
}
