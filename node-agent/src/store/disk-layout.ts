// Where things lie in an agent's data folder. Pure paths; every id is checked before it becomes part of one.
import { join } from "node:path";
import { isId, isPieceId, isSha256 } from "@vstream/core/ids.ts";
import type { AssetId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import { VsError } from "@vstream/core/errors.ts";

/** The 256 folders that objects are spread over. */
export const objectFolders = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export class DiskLayout {
  readonly root: string;
  /** Verified objects, by the first two digits of their hash. */
  readonly objects: string;
  /** Files on their way in; nothing here counts. */
  readonly staging: string;
  /** A folder for each asset, a record for each piece. */
  readonly pieces: string;
  readonly manifests: string;
  /** Objects that no piece names. */
  readonly cache: string;
  readonly scratch: string;
  readonly uploads: string;
  /** Sources that this node fetches itself, until they are whole. */
  readonly fetches: string;
  readonly documents: string;
  /** Records that could not be read, kept for a person to look at. */
  readonly damaged: string;
  /** Objects that were found wrong, kept for a person to look at. */
  readonly quarantine: string;
  readonly lock: string;

  constructor(root: string) {
    this.root = root;
    this.objects = join(root, "objects");
    this.staging = join(root, "staging");
    this.pieces = join(root, "pieces");
    this.manifests = join(root, "manifests");
    this.cache = join(root, "cache");
    this.scratch = join(root, "scratch");
    this.uploads = join(root, "uploads");
    this.fetches = join(root, "fetches");
    this.documents = join(root, "documents");
    this.damaged = join(root, "damaged");
    this.quarantine = join(root, "quarantine");
    this.lock = join(root, "lock");
  }

  get folders(): string[] {
    const { objects, staging, pieces, manifests, cache, scratch, uploads, fetches } = this;
    const { documents, damaged, quarantine } = this;
    return [objects, staging, pieces, manifests, cache, scratch, uploads, fetches, documents, damaged, quarantine];
  }

  objectFolder(sha256: Sha256): string {
    return join(this.objects, checked(sha256, isSha256, "hash").slice(0, 2));
  }

  object(sha256: Sha256): string {
    return join(this.objectFolder(sha256), sha256);
  }

  cached(sha256: Sha256): string {
    return join(this.cache, checked(sha256, isSha256, "hash"));
  }

  /** @param name hash and instant */
  quarantined(name: string): string {
    return join(this.quarantine, checked(name, isQuarantineName, "name of a damaged object"));
  }

  /** What has come of an object so far; a later call goes on where it ends. */
  partial(sha256: Sha256): string {
    return join(this.staging, `${checked(sha256, isSha256, "hash")}.part`);
  }

  partialSource(assetId: AssetId): string {
    return join(this.fetches, `${checked(assetId, isAssetId, "asset id")}.part`);
  }

  partialSourceRecord(assetId: AssetId): string {
    return join(this.fetches, `${checked(assetId, isAssetId, "asset id")}.json`);
  }

  assetFolder(assetId: AssetId): string {
    return join(this.pieces, checked(assetId, isAssetId, "asset id"));
  }

  piece(assetId: AssetId, pieceId: PieceId): string {
    return join(this.assetFolder(assetId), `${checked(pieceId, isPieceId, "piece id")}.json`);
  }

  manifest(assetId: AssetId): string {
    return join(this.manifests, `${checked(assetId, isAssetId, "asset id")}.json`);
  }

  document(name: string): string {
    return join(this.documents, `${checked(name, isDocumentName, "document name")}.json`);
  }
}

export function isAssetId(text: string): text is AssetId {
  return isId("asset", text);
}

function isDocumentName(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,99}$/.test(text);
}

/** A hash and the instant, in milliseconds since the epoch, at which a file was found to have another. */
export function isQuarantineName(text: string): boolean {
  return /^[0-9a-f]{64}\.\d{1,15}$/.test(text);
}

// Branded ids are trusted elsewhere; a path is the one place where a wrong one would do harm.
function checked<Text extends string>(text: Text, isRight: (text: string) => boolean, what: string): Text {
  if (isRight(text)) return text;
  throw new VsError("invalid_argument", `${JSON.stringify(text.slice(0, 100))} is not a ${what}`);
}
