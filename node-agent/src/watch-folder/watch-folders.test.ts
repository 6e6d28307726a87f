// What becomes of files in a watched folder.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFile, mkdir, readFile, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { systemClock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import { quietLog } from "../store/trial-store.fixture.ts";
import { eventually, openWatched } from "./watched-folder.fixture.ts";
import type { Watched } from "./watched-folder.fixture.ts";

const clip = randomBytes(300_000);

function hashOf(bytes: Buffer): Sha256 {
  return createHash("sha256").update(bytes).digest("hex") as Sha256;
}

async function put({ folder }: Watched, name: string, bytes: Buffer = clip): Promise<void> {
  await writeFile(join(folder, name), bytes);
}

/** Whatever has been there for three tenths of a second has been looked at by then. */
async function pass(): Promise<void> {
  await systemClock.sleep(1_000);
}

function sourceIn({ node, desk }: Watched, bytes: Buffer): boolean {
  const known = desk.assets.get(hashOf(bytes));
  return known !== undefined && node.store.getPiece(known.assetId, sourcePieceId) !== null;
}

describe("a watched folder", function () {
  this.timeout(30_000);

  it("takes a file that was left alone, once, and keeps it in taken/", async () => {
    await using watched = await openWatched();
    await put(watched, "A film.mp4");
    await eventually(async () => (await watched.list("taken")).length > 0);
    assert.deepEqual(await watched.list(), ["taken"]);
    assert.deepEqual(await readFile(join(watched.folder, "taken", "A film.mp4")), clip);
    const offered = { sourceName: "A film.mp4", sourceBytes: clip.length, sourceSha256: hashOf(clip) };
    const { offers } = watched.desk;
    assert.deepEqual(offers[0], { ...offered, ladder: "fast", labels: { from: "folder" }, assetId: null });
    assert.ok(sourceIn(watched, clip));
    const asked = offers.length;
    await pass();
    assert.equal(offers.length, asked);
    assert.deepEqual(await watched.node.serving.unfinishedUploads(), []);
  });

  it("takes none that still grows", async () => {
    await using watched = await openWatched();
    for (let part = 0; part < 8; part += 1) {
      await appendFile(join(watched.folder, "slow.mp4"), clip);
      await systemClock.sleep(150);
      assert.deepEqual(watched.desk.offers, []);
    }
    await eventually(async () => (await watched.list("taken")).length > 0);
    assert.equal(watched.desk.offers[0]?.sourceBytes, 8 * clip.length);
  });

  it("leaves what is hidden, unfinished, a folder, a link or subtitles", async () => {
    await using watched = await openWatched();
    const names = [".hidden.mp4", "a.mp4.part", "b.tmp", "c.mp4.crdownload", "film.srt", "film.en.VTT"];
    for (const name of names) await put(watched, name);
    await mkdir(join(watched.folder, "folder.mp4"));
    await symlink("/etc/hostname", join(watched.folder, "link.mp4"));
    await pass();
    assert.deepEqual(watched.desk.offers, []);
    assert.deepEqual(await watched.list(), [...names, "folder.mp4", "link.mp4"].toSorted());
    await rename(join(watched.folder, "a.mp4.part"), join(watched.folder, "a.mp4"));
    await eventually(async () => (await watched.list("taken")).includes("a.mp4"));
  });

  it("stores nothing of what is there already, and puts no file in another's place", async () => {
    await using watched = await openWatched();
    await put(watched, "film.mp4");
    await eventually(async () => (await watched.list("taken")).length === 1);
    await put(watched, "film.mp4");
    await eventually(async () => (await watched.list("taken")).length === 2);
    assert.deepEqual(await watched.list("taken"), ["film-2.mp4", "film.mp4"]);
    assert.equal(watched.desk.assets.size, 1);
  });

  it("refuses what is empty or too large for ever, and says why beside it", async () => {
    await using watched = await openWatched();
    await put(watched, "empty.mp4", Buffer.alloc(0));
    await eventually(async () => (await watched.list("refused")).length === 2);
    watched.desk.refusal = new VsError("source_too_large", "more than is allowed", { hint: "Raise maxSourceBytes" });
    await put(watched, "large.mp4");
    await eventually(async () => (await watched.list("refused")).length === 4);
    assert.deepEqual(await watched.list("refused"), [
      "empty.mp4",
      "empty.mp4.reason.txt",
      "large.mp4",
      "large.mp4.reason.txt",
    ]);
    const reason = await readFile(join(watched.folder, "refused", "large.mp4.reason.txt"), "utf8");
    assert.equal(reason, "more than is allowed (source_too_large)\nRaise maxSourceBytes\n");
  });

  it("keeps what cannot be taken now, and tries it again", async () => {
    await using watched = await openWatched();
    watched.desk.refusal = new VsError("storage_full", "no room now");
    await put(watched, "film.mp4");
    await eventually(() => watched.desk.offers.length > 0);
    assert.deepEqual(await watched.list(), ["film.mp4"]);
    watched.desk.refusal = null;
    await eventually(async () => (await watched.list("taken")).length > 0);
  });

  it("asks for the room first: what does not fit now is not even offered", async () => {
    await using watched = await openWatched();
    const { store } = watched.node;
    await using room = store.reserve(store.usage.capacityBytes - clip.length + 1);
    await put(watched, "film.mp4");
    await pass();
    assert.deepEqual(watched.desk.offers, []);
    await room[Symbol.asyncDispose]();
    await eventually(async () => (await watched.list("taken")).length > 0);
  });

  it("says once that there are names that it cannot read", async () => {
    const said: string[] = [];
    const warn = (_: unknown, message: string): number => said.push(message);
    await using watched = await openWatched({ log: { ...quietLog, warn } as unknown as Logger });
    const latin1 = Buffer.from("/caf\u00e9.mp4", "latin1");
    await writeFile(Buffer.concat([Buffer.from(watched.folder), latin1]), clip);
    await put(watched, "film.mp4");
    await eventually(async () => (await watched.list("taken")).length > 0);
    await pass();
    assert.deepEqual(said, ["watched files passed over: their names are not UTF-8; rename them"]);
  });

  it("goes on, when it was stopped in the middle, with the same asset and what is there", async () => {
    let isCut = true;
    let from = -1;
    await using watched: Watched = await openWatched({
      takeIn: async (source, open) => {
        const opened = async (fromByte: number): Promise<Readable> => {
          from = fromByte;
          return isCut ? Readable.from(cutAfter(await open(fromByte), 100_000)) : await open(fromByte);
        };
        await watched.node.serving.takeIn(source, opened);
      },
    });
    await put(watched, "film.mp4");
    await eventually(() => from >= 0);
    await watched.restart();
    assert.deepEqual([await watched.list("taken"), watched.desk.assets.size], [[], 1]);
    isCut = false;
    await eventually(async () => (await watched.list("taken")).length > 0);
    assert.equal(from, 100_000);
    assert.equal(watched.desk.assets.size, 1);
    assert.ok(sourceIn(watched, clip));
  });

  it("goes on with what has come, and knows what has, where the rest of the room is less than the file", async () => {
    let isCut = true;
    await using watched: Watched = await openWatched({
      takeIn: async (source, open) => {
        const cut = async (from: number): Promise<Readable> => Readable.from(cutAfter(await open(from), 100_000));
        await watched.node.serving.takeIn(source, isCut ? cut : open);
      },
    });
    const { store } = watched.node;
    await using _others = store.reserve(store.usage.capacityBytes - 1.5 * clip.length);
    await put(watched, "film.mp4");
    await eventually(() => watched.desk.offers.length > 0);
    await watched.restart();
    isCut = false;
    await eventually(async () => (await watched.list("taken")).length > 0);
    await put(watched, "again.mp4");
    await eventually(async () => (await watched.list("taken")).length === 2);
    assert.equal(watched.desk.assets.size, 1);
  });

  it("refuses what its asset failed for, with that reason, and makes no other asset of it", async () => {
    await using watched = await openWatched();
    watched.desk.verdict = { code: "not_media", message: "it is a text", hint: "Give it a film" };
    await put(watched, "text.mp4");
    await eventually(async () => (await watched.list("refused")).length === 2);
    assert.deepEqual(await watched.list("refused"), ["text.mp4", "text.mp4.reason.txt"]);
    const reason = await readFile(join(watched.folder, "refused", "text.mp4.reason.txt"), "utf8");
    assert.equal(reason, "it is a text (not_media)\nGive it a film\n");
    assert.equal(watched.desk.offers.filter(({ assetId }) => assetId === null).length, 1);
    watched.desk.verdict = null;
    await rename(join(watched.folder, "refused", "text.mp4"), join(watched.folder, "text.mp4"));
    await eventually(async () => (await watched.list("taken")).includes("text.mp4"));
  });

  it("waits for what is found in it before it calls it taken", async () => {
    await using watched = await openWatched();
    watched.desk.lateVerdict = { code: "no_video", message: "it is a song", hint: "" };
    await put(watched, "song.mp4");
    await eventually(async () => (await watched.list("refused")).length === 2);
    assert.deepEqual(await watched.list("taken"), []);
  });

  it("stops giving what an asset is not to have any more, and keeps nothing of it", async () => {
    await using watched: Watched = await openWatched({
      takeIn: async (source, open) => {
        const never = async (from: number): Promise<Readable> => Readable.from(stuck(await open(from)));
        await watched.node.serving.takeIn(source, never);
      },
    });
    await put(watched, "film.mp4");
    await eventually(async () => (await watched.node.serving.unfinishedUploads()).length > 0);
    const [assetId] = await watched.node.serving.unfinishedUploads();
    assert.ok(assetId);
    watched.desk.end(assetId, { code: "cancelled", message: "ops cancelled it", hint: "" });
    await eventually(async () => (await watched.list("refused")).length === 2);
    const reason = await readFile(join(watched.folder, "refused", "film.mp4.reason.txt"), "utf8");
    assert.equal(reason, "ops cancelled it (cancelled)\n");
    assert.deepEqual(await watched.node.serving.unfinishedUploads(), []);
    assert.equal(watched.desk.assets.size, 0);
  });

  it("does not call taken what was written to meanwhile: the asset fails, and the file is taken as it is then", async () => {
    const newer = randomBytes(clip.length);
    let isFirst = true;
    await using watched: Watched = await openWatched({
      takeIn: async (source, open) => {
        if (isFirst) await writeFile(join(watched.folder, "film.mp4"), newer);
        isFirst = false;
        await watched.node.serving.takeIn(source, open);
      },
    });
    await put(watched, "film.mp4");
    await eventually(async () => (await watched.list("taken")).length > 0);
    assert.deepEqual(watched.desk.failures, ["source_changed"]);
    assert.ok(sourceIn(watched, newer) && !sourceIn(watched, clip));
  });

  it("asks for nothing while the control plane does not answer, or the folder is not there", async () => {
    let isHeard = false;
    await using watched = await openWatched({ isControlHeard: () => isHeard });
    await rename(watched.folder, `${watched.folder}-away`);
    await pass();
    await rename(`${watched.folder}-away`, watched.folder);
    await put(watched, "film.mp4");
    await utimes(join(watched.folder, "film.mp4"), 0, 0);
    await pass();
    assert.deepEqual(watched.desk.offers, []);
    isHeard = true;
    await eventually(async () => (await watched.list("taken")).length > 0);
  });
});

/** Its beginning, and then nothing until it is stopped. */
async function* stuck(stream: Readable): AsyncGenerator<Buffer> {
  yield clip.subarray(0, 1_000);
  await once(stream, "close");
}

async function* cutAfter(stream: Readable, bytes: number): AsyncGenerator<Buffer> {
  for await (const part of stream as AsyncIterable<Buffer>) {
    yield part.subarray(0, bytes);
    throw new VsError("source_unreadable", "the disk is away");
  }
}
