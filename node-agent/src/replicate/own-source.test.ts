// A node's own copy of a source, right and wrong.
import assert from "node:assert/strict";
import { open, readFile, rm, stat, symlink, truncate } from "node:fs/promises";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { SourceRef } from "@vstream/core/media.ts";
import { neverAborted } from "../store/trial-store.fixture.ts";
import type { ByteRange } from "./block-spans.ts";
import { linkOwnSource } from "./own-source.ts";
import { storedSource, trialCluster } from "./trial-nodes.fixture.ts";
import type { TrialCluster, TrialNode } from "./trial-nodes.fixture.ts";
import { VerifiedBlocks } from "./verified-blocks.ts";

const mebibyte = 1024 * 1024;
const firstBlock = [{ start: 0, end: 10 }];

describe("a source that the node holds itself", () => {
  let cluster: TrialCluster;
  let node: TrialNode;
  let source: SourceRef;
  let bytes: Buffer;
  let path: string;
  let damaged: Sha256[];
  let verified: VerifiedBlocks;
  let links: number;
  beforeEach(async () => {
    cluster = await trialCluster(1);
    node = cluster.nodes[0]!;
    ({ source, bytes } = await storedSource([node], 4 * mebibyte + 5));
    path = node.store.pathOf(source.source.sha256)!;
    [damaged, verified, links] = [[], new VerifiedBlocks(), 0];
  });
  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  async function link(ranges: readonly ByteRange[]): Promise<string | null> {
    const { store, fetcher } = node;
    const scratch = await store.openScratch("task");
    const onDamage = (sha256: Sha256): void => {
      damaged.push(sha256);
    };
    links += 1;
    const wanted = { source, ranges, name: `source-${String(links)}`, holders: [], signal: neverAborted };
    return await linkOwnSource({ ...wanted, store, fetcher, scratch, verified, onDamage });
  }

  /** Other bytes in the middle of a block; the file's times stay when they are to. */
  async function harm(block: number, keepsTimes = false): Promise<void> {
    const { atime, mtime } = await stat(path);
    await using handle = await open(path, "r+");
    await handle.write(Buffer.of(bytes[block * mebibyte + 3]! ^ 1), 0, 1, block * mebibyte + 3);
    if (keepsTimes) await handle.utimes(atime, mtime);
  }

  it("is the stored file itself", async () => {
    const linked = await link(firstBlock);
    assert.deepEqual(await readFile(linked!), bytes);
    assert.equal((await stat(linked!)).nlink, 2);
  });

  it("is not used where a block that is needed is wrong, cut off or gone, and that is told", async () => {
    await harm(2);
    assert.notEqual(await link([{ start: 0, end: 2 * mebibyte }]), null);
    assert.deepEqual(damaged, []);
    assert.equal(await link([{ start: 2 * mebibyte - 1, end: 2 * mebibyte + 1 }]), null);
    await truncate(path, 3 * mebibyte);
    assert.equal(await link(firstBlock), null);
    await rm(path);
    assert.equal(await link(firstBlock), null);
    const { sha256 } = source.source;
    assert.deepEqual(damaged, [sha256, sha256, sha256]);
  });

  it("is read for the check no more than once, until its file changes", async () => {
    await using touched = await open(path, "r");
    const { mtime } = await touched.stat();
    // A whole second, which a file's times can be set back to exactly.
    const at = new Date(Math.floor(mtime.getTime() / 1000) * 1000);
    await touched.utimes(at, at);
    assert.notEqual(await link(firstBlock), null);
    await harm(0, true);
    assert.notEqual(await link(firstBlock), null);
    await touched.utimes(at, new Date(at.getTime() + 1000));
    assert.equal(await link(firstBlock), null);
    assert.equal(damaged.length, 1);
  });

  it("is not blamed when it just cannot be opened", async () => {
    await rm(path);
    await symlink(path, path);
    await assert.rejects(link(firstBlock), { code: "disk_failed" });
    assert.deepEqual(damaged, []);
  });

  it("is left alone where it does not stand", async () => {
    const unknown = { ...source, source: { ...source.source, sha256: "ab".repeat(32) as Sha256 } };
    source = unknown;
    assert.equal(await link(firstBlock), null);
    assert.deepEqual(damaged, []);
  });
});
