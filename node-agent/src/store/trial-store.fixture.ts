// For tests: a store in a folder of its own, and small pieces to put into it.
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rename, rm, rmdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@vstream/core/clock.ts";
import { newId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import { openLog } from "@vstream/core/log.ts";
import type { Manifest, ObjectRef, Piece } from "@vstream/core/media.ts";
import { openStore } from "./segment-store.ts";
import type { StoreOptions } from "./shelves.ts";
import type { Store } from "./store.ts";

export const quietLog = openLog({ program: "test", level: "silent" }).log;

export const neverAborted = new AbortController().signal;

export async function trialFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "vstream-store-"));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

export async function openTrialStore(dataDir: string, options: Partial<StoreOptions> = {}): Promise<Store> {
  return await openStore({ dataDir, capacityBytes: 64 * 1024 ** 2, log: quietLog, clock: systemClock, ...options });
}

export interface TrialStore {
  readonly folder: string;
  readonly store: Store;
  /** Closes the store and opens it again on the same folder. */
  restart(options?: Partial<StoreOptions>): Promise<void>;
}

/** An empty store in a folder of its own for each test of the suite that calls this; gone after the test. */
export function trialStoreForEach(): TrialStore {
  let folder: Awaited<ReturnType<typeof trialFolder>>;
  let store: Store;
  beforeEach(async () => {
    folder = await trialFolder();
    store = await openTrialStore(folder.path);
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  return {
    get folder() {
      return folder.path;
    },
    get store() {
      return store;
    },
    async restart(options = {}) {
      await store[Symbol.asyncDispose]();
      store = await openTrialStore(folder.path, options);
    },
  };
}

export function newAssetId(): AssetId {
  return newId("asset", Date.now());
}

export function refOf(bytes: Uint8Array): ObjectRef {
  return { sha256: createHash("sha256").update(bytes).digest("hex") as Sha256, bytes: bytes.length };
}

/** A video piece that consists of these objects. */
export function pieceOf(chunk: number, objects: readonly ObjectRef[]): Piece {
  const [init, ...segments] = objects;
  if (init === undefined) throw new Error("a piece needs an object");
  return {
    id: videoPieceId(chunk),
    content: {
      kind: "video",
      chunk,
      frames: 144,
      timeScale: 24_000,
      renditions: [
        {
          rung: "480p",
          init,
          codecs: "avc1.4d401e",
          segments: segments.map((object, index) => {
            return { object, durationTicks: 144_000, startTicks: index * 144_000, keyframes: [] };
          }),
        },
      ],
      joint: { beforeFirst: "", last: "d41d8cd98f00b204e9800998ecf8427e" },
    },
    toolchain: "test",
    madeBy: "",
  };
}

export function manifestOf(
  assetId: AssetId,
  version: number,
  chunks: { from: number; pieces: readonly Piece[] },
): Manifest {
  return {
    assetId,
    version,
    title: "A film",
    complete: false,
    probe: {
      format: "mp4",
      durationSeconds: 30,
      video: {
        width: 854,
        height: 480,
        codec: "h264",
        frameRate: 24,
        timeScale: 24_000,
        ticksPerFrame: 1000,
        frames: 720,
        interlaced: false,
        pixelFormat: "yuv420p",
        videoRange: "SDR",
      },
      audio: [],
      segments: 5,
      longestSegmentSeconds: 6,
      text: [],
      chapters: [],
      warnings: [],
      damaged: false,
    },
    renditions: [],
    audio: [],
    pieces: chunks.pieces,
    fromChunk: chunks.from,
    releasedChunks: chunks.from + chunks.pieces.length,
    totalChunks: 5,
    homeNodeIds: [],
    deleted: false,
    text: [],
    extras: [],
    edition: 0,
    previous: [],
  };
}

/** Puts a file of that many random bytes into the upload folder. */
export async function uploadedFile(store: Store, sizeBytes: number): Promise<{ path: string; bytes: Buffer }> {
  const bytes = randomBytes(sizeBytes);
  const path = join(store.uploadFolder, randomBytes(6).toString("hex"));
  await writeFile(path, bytes);
  return { path, bytes };
}

/** Streams a part of the bytes at a time, and notes from which byte on each stream was opened. */
export function streamOf(bytes: Uint8Array, partBytes = 4096) {
  const openedFrom: number[] = [];
  const open = (fromByte: number): Promise<AsyncIterable<Uint8Array>> => {
    openedFrom.push(fromByte);
    return Promise.resolve(parts(bytes.subarray(fromByte), partBytes));
  };
  return { open, openedFrom };
}

/**
 * Until what is given is called, the object's file cannot be opened, though nothing is wrong with it: as when no file
 * handle is free.
 */
export async function shutFile(path: string): Promise<() => Promise<void>> {
  const aside = `${path}.aside`;
  await rename(path, aside);
  await symlink(path, path);
  return async () => {
    await rename(aside, path);
  };
}

/** Until what is given is called, the record of a piece cannot be removed. */
export async function stickRecord(dataDir: string, assetId: AssetId, pieceId: PieceId): Promise<() => Promise<void>> {
  const path = join(dataDir, "pieces", assetId, `${pieceId}.json`);
  await rm(path);
  await mkdir(path);
  return async () => {
    await rmdir(path);
  };
}

/**
 * Until what is given is called, nothing can be made, renamed or deleted in the folder, as on a disk that was remounted
 * read-only; null: not permitted here.
 */
export function shutFolder(path: string): (() => void) | null {
  try {
    execFileSync("chattr", ["+i", path], { stdio: "ignore" });
  } catch {
    return null;
  }
  return () => {
    execFileSync("chattr", ["-i", path]);
  };
}

/** Every file below the data folder that is not an object of the store, a piece record or the lock. */
export async function strayFiles(dataDir: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of ["staging", "scratch", "uploads", "damaged", "cache", "quarantine"]) {
    found.push(...(await readdir(join(dataDir, folder))).map((name) => join(folder, name)));
  }
  return found;
}

async function* parts(bytes: Uint8Array, partBytes: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += partBytes) {
    yield await Promise.resolve(bytes.subarray(start, start + partBytes));
  }
}
