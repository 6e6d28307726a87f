// An agent's store over a disk of the simulation: the promises of node-agent's store.ts, each act with the time that a
// disk takes. Bytes are a single one that says whether they are right: a hash would find out as surely.
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import { bytesOf, knownEditions, objectsOf } from "@vstream/core/media.ts";
import type { Manifest, ObjectRef, Piece, Scrub } from "@vstream/core/media.ts";
import type { LostCopies, PieceFinding, Scratch, Store } from "../../node-agent/src/store/store.ts";
import type { Disk } from "./disk.ts";
import type { Random } from "./random.ts";
import type { Program } from "./virtual-time.ts";

/** What stands for the bytes of an object. */
export function bytesFor(isRight: boolean): Buffer {
  return Buffer.of(isRight ? 1 : 0);
}

export function areRight(bytes: Uint8Array): boolean {
  return bytes[0] === 1;
}

type StoreCalls = Pick<
  Store,
  | "has"
  | "read"
  | "readChecked"
  | "putStream"
  | "putCached"
  | "recordPiece"
  | "getPiece"
  | "inventory"
  | "discard"
  | "dropDamaged"
  | "verifyPiece"
  | "scrub"
  | "keepManifest"
  | "getManifest"
  | "openScratch"
  | "readDocument"
  | "writeDocument"
>;

export interface SimStoreParts {
  readonly disk: Disk;
  readonly program: Program;
  readonly random: Random;
  /** A planted bug: what is fetched is kept without a look at its hash. */
  readonly trustsBytes: boolean;
}

export class SimStore implements StoreCalls {
  readonly disk: Disk;
  readonly #parts: SimStoreParts;
  readonly #loose = new Set<Sha256>();
  #damagedFound = 0;

  constructor(parts: SimStoreParts) {
    this.#parts = parts;
    this.disk = parts.disk;
  }

  /** For the parts of an agent that use no more of a store than is here. */
  asStore(): Store {
    return this as unknown as Store;
  }

  get scrub(): Scrub {
    const counts = { checkedBytes: 0, totalBytes: this.disk.usedBytes, quarantined: 0 };
    return { ...counts, passStartedAt: 0, lastPassEndedAt: null, damagedFound: this.#damagedFound };
  }

  has(sha256: Sha256): boolean {
    return this.disk.objects.has(sha256);
  }

  read(sha256: Sha256): Promise<Buffer> {
    const object = this.disk.objects.get(sha256);
    if (object === undefined) return Promise.reject(new VsError("object_missing", `object ${sha256} is not here`));
    return Promise.resolve(bytesFor(object.isRight));
  }

  async readChecked(sha256: Sha256): Promise<Buffer> {
    const bytes = await this.read(sha256);
    if (areRight(bytes)) return bytes;
    throw new VsError("object_corrupt", `the file of object ${sha256} has other bytes`);
  }

  /** What a task has made. @throws VsError storage_full */
  putMade(object: ObjectRef): void {
    if (this.has(object.sha256)) return;
    this.#needRoom(object);
    this.disk.put(object, true);
    this.#keepLoose(object.sha256);
  }

  async putStream(
    expected: ObjectRef,
    open: (fromByte: number) => Promise<AsyncIterable<Uint8Array>>,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.has(expected.sha256)) return;
    this.#needRoom(expected);
    let isRight = false;
    for await (const bytes of await open(0)) isRight = areRight(bytes);
    await this.#write(signal);
    if (this.has(expected.sha256)) return;
    if (!isRight && !this.#parts.trustsBytes) {
      throw new VsError("object_corrupt", `object ${expected.sha256} came with other bytes`);
    }
    this.#needRoom(expected);
    this.disk.put(expected, isRight);
    this.#keepLoose(expected.sha256);
  }

  /** Nothing is kept: this cache has no room. */
  putCached(expected: ObjectRef, bytes: Uint8Array): Promise<void> {
    if (areRight(bytes) || this.#parts.trustsBytes) return Promise.resolve();
    return Promise.reject(new VsError("object_corrupt", `object ${expected.sha256} came with other bytes`));
  }

  async recordPiece(assetId: AssetId, piece: Piece): Promise<void> {
    await this.#write();
    const lacking = objectsOf(piece.content).find(({ sha256 }) => !this.has(sha256));
    if (lacking !== undefined) throw new VsError("object_missing", `object ${lacking.sha256} does not stand here`);
    this.disk.record(assetId, piece);
    for (const { sha256 } of objectsOf(piece.content)) this.#loose.delete(sha256);
  }

  getPiece(assetId: AssetId, pieceId: PieceId): Piece | null {
    return this.disk.pieces.get(assetId)?.get(pieceId) ?? null;
  }

  inventory(): ReadonlyMap<AssetId, readonly PieceId[]> {
    return new Map([...this.disk.pieces].map(([assetId, pieces]) => [assetId, [...pieces.keys()]]));
  }

  async discard(assetId: AssetId, pieceIds: readonly PieceId[]): Promise<void> {
    await this.#write();
    const loose = [...this.#loose].flatMap((sha256) => {
      const object = this.disk.objects.get(sha256);
      return object === undefined ? [] : [[sha256, object] as const];
    });
    this.disk.remove(assetId, pieceIds);
    // What a task is just bringing in is not swept with what nobody names.
    for (const [sha256, object] of loose) this.disk.objects.set(sha256, object);
  }

  async dropDamaged(sha256: Sha256): Promise<LostCopies | null> {
    await this.#write();
    const object = this.disk.objects.get(sha256);
    if (object === undefined || object.isRight) return null;
    this.#damagedFound += 1;
    return this.disk.drop(sha256);
  }

  async verifyPiece(
    assetId: AssetId,
    pieceId: PieceId,
    watch: { readonly signal: AbortSignal; readonly onBytes: (bytes: number) => void },
  ): Promise<PieceFinding> {
    const piece = this.getPiece(assetId, pieceId);
    if (piece === null) return { kind: "absent" };
    const checkedBytes = bytesOf(piece.content);
    const lost: LostCopies[number][] = [];
    for (const { sha256 } of objectsOf(piece.content)) {
      await this.#write(watch.signal);
      lost.push(...((await this.dropDamaged(sha256)) ?? []));
    }
    watch.onBytes(checkedBytes);
    if (lost.length > 0) return { kind: "wrong", checkedBytes, lost };
    return this.getPiece(assetId, pieceId) === null ? { kind: "absent" } : { kind: "right", checkedBytes };
  }

  keepManifest(manifest: Manifest): Promise<void> {
    const kept = this.disk.manifests.get(manifest.assetId);
    if (kept !== undefined && kept.version >= manifest.version) return Promise.resolve();
    const older = kept?.edition === manifest.edition ? kept : { previous: [] };
    const previous = manifest.fromChunk === 0 ? manifest.previous : knownEditions(manifest, older);
    if (previous === null || manifest.fromChunk > (kept?.releasedChunks ?? 0)) {
      return Promise.reject(new VsError("conflict", `the kept manifest of ${manifest.assetId} ends before that`));
    }
    const before = (kept?.pieces ?? []).filter(
      ({ content }) => "chunk" in content && content.chunk < manifest.fromChunk,
    );
    const pieces = [...before, ...manifest.pieces];
    this.disk.manifests.set(manifest.assetId, { ...manifest, fromChunk: 0, pieces, previous });
    return Promise.resolve();
  }

  getManifest(assetId: AssetId): Manifest | null {
    return this.disk.manifests.get(assetId) ?? null;
  }

  openScratch(): Promise<Scratch> {
    // The simulation's tasks put nothing into it.
    return Promise.resolve({ folder: "", [Symbol.asyncDispose]: () => Promise.resolve() } as unknown as Scratch);
  }

  readDocument(name: string): Promise<unknown> {
    return Promise.resolve(this.disk.documents.get(name) ?? null);
  }

  async writeDocument(name: string, content: unknown): Promise<void> {
    await this.#write();
    this.disk.documents.set(name, structuredClone(content));
  }

  #needRoom(object: ObjectRef): void {
    if (!this.disk.hasRoom(object.bytes)) throw new VsError("storage_full", "the disk is full");
  }

  // Bounded, as the time for which a real store keeps what nobody names.
  #keepLoose(sha256: Sha256): void {
    this.#loose.add(sha256);
    const [oldest] = this.#loose;
    if (this.#loose.size > 64 && oldest !== undefined) this.#loose.delete(oldest);
  }

  async #write(signal?: AbortSignal): Promise<void> {
    await this.#parts.program.clock.sleep(this.#parts.random.between(0.2, 8), signal);
  }
}
