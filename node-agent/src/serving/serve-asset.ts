// Everything below /v/{asset}/: playlists from the manifest, and the objects that the manifest names. A hash that it
// does not name is not served, whatever the store holds.
import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import { VsError } from "@vstream/core/errors.ts";
import { isSha256 } from "@vstream/core/ids.ts";
import type { AssetId, Sha256 } from "@vstream/core/ids.ts";
import type { Manifest, ObjectRef } from "@vstream/core/media.ts";
import { audioPlaylist, videoPlaylist } from "../packaging/media-playlist.ts";
import { multivariantPlaylist } from "../packaging/multivariant-playlist.ts";
import type { Steering } from "../packaging/multivariant-playlist.ts";
import { edgeOf } from "../packaging/track-segments.ts";
import type { HotObjects } from "./hot-objects.ts";
import type { Manifests } from "./manifests.ts";
import { encodeText, hashedReply, textReply } from "./reply.ts";
import type { EncodedText, Reply } from "./reply.ts";

const playlistType = "application/vnd.apple.mpegurl";
const cachedPlaylistBytes = 16 * 2 ** 20;
/** Manifests whose objects are looked up fast. */
const indexedManifests = 100;

const types = { mp4: "video/mp4", m4s: "video/iso.segment" } as const;
type Extension = keyof typeof types;

interface NamedObject {
  readonly object: ObjectRef;
  readonly extension: Extension;
}

export class AssetFiles {
  readonly #manifests: Pick<Manifests, "getManifest">;
  readonly #hot: Pick<HotObjects, "get">;
  readonly #playlists = new LRUCache<string, { version: number; text: EncodedText }>({
    maxSize: cachedPlaylistBytes,
    sizeCalculation: ({ text }) => text.plain.length + text.gzipped.length + 1,
  });
  readonly #named = new LRUCache<AssetId, { version: number; objects: Map<Sha256, NamedObject> }>({
    max: indexedManifests,
  });

  constructor(manifests: Pick<Manifests, "getManifest">, hot: Pick<HotObjects, "get">) {
    this.#manifests = manifests;
    this.#hot = hot;
  }

  /** @param steer where viewers of the asset are sent; null: nowhere else */
  async index(
    request: IncomingMessage,
    assetId: AssetId,
    steer: (manifest: Manifest) => Steering | null,
  ): Promise<Reply> {
    const steering = steer(await this.#manifests.getManifest(assetId));
    // Everything that the text says beside the manifest is in its name: few differ, and viewers share them.
    const name = steering === null ? "index" : `index ${JSON.stringify(steering)}`;
    const write = (manifest: Manifest): string => multivariantPlaylist(manifest, steering);
    return await this.#playlist(request, { assetId, name, write });
  }

  async video(request: IncomingMessage, assetId: AssetId, rung: string): Promise<Reply> {
    const write = (manifest: Manifest): string | null => videoPlaylist(manifest, rung);
    return await this.#playlist(request, { assetId, name: `video ${rung}`, write });
  }

  async audio(request: IncomingMessage, assetId: AssetId, track: number): Promise<Reply> {
    const write = (manifest: Manifest): string | null => audioPlaylist(manifest, track);
    return await this.#playlist(request, { assetId, name: `audio ${String(track)}`, write });
  }

  /** An init or media segment by its hash; the extension must be the one that playlists give it. */
  async object(request: IncomingMessage, assetId: AssetId, file: { hash: string; extension: string }): Promise<Reply> {
    const manifest = await this.#manifests.getManifest(assetId);
    const named = isSha256(file.hash) ? this.#objectsOf(manifest).get(file.hash) : undefined;
    if (named?.extension !== file.extension) {
      throw new VsError("not_found", `asset ${assetId} has no such file`, { hint: "Take URLs from the playlists" });
    }
    const bytes = await this.#hot.get(named.object, manifest.homeNodeIds);
    return hashedReply(request, { bytes, sha256: named.object.sha256, type: types[named.extension] });
  }

  async #playlist(
    request: IncomingMessage,
    wanted: { assetId: AssetId; name: string; write: (manifest: Manifest) => string | null },
  ): Promise<Reply> {
    const manifest = await this.#manifests.getManifest(wanted.assetId);
    const key = `${wanted.assetId} ${wanted.name}`;
    let kept = this.#playlists.get(key);
    if (kept?.version !== manifest.version) {
      requirePlayable(manifest);
      const text = wanted.write(manifest);
      if (text === null) throw new VsError("not_found", `asset ${wanted.assetId} has no such rendition`);
      kept = { version: manifest.version, text: encodeText(text, playlistType) };
      this.#playlists.set(key, kept);
    }
    // Complete ones change too, when an asset is encoded again or deleted.
    return textReply(request.headers, kept.text, manifest.complete ? "public, max-age=30" : "public, max-age=1");
  }

  #objectsOf(manifest: Manifest): Map<Sha256, NamedObject> {
    const kept = this.#named.get(manifest.assetId);
    if (kept?.version === manifest.version) return kept.objects;
    const objects = namedObjects(manifest);
    this.#named.set(manifest.assetId, { version: manifest.version, objects });
    return objects;
  }
}

function requirePlayable(manifest: Manifest): void {
  if (edgeOf(manifest) > 0) return;
  throw new VsError(
    "unavailable",
    `asset ${manifest.assetId} cannot be played yet: its first seconds are in the making`,
    {
      hint: "Try again in some seconds",
    },
  );
}

function namedObjects(manifest: Manifest): Map<Sha256, NamedObject> {
  const objects = new Map<Sha256, NamedObject>();
  for (const { content } of manifest.pieces) {
    if (content.kind !== "video" && content.kind !== "audio") continue;
    for (const { init, segments } of content.kind === "video" ? content.renditions : [content.rendition]) {
      objects.set(init.sha256, { object: init, extension: "mp4" });
      for (const { object } of segments) objects.set(object.sha256, { object, extension: "m4s" });
    }
  }
  return objects;
}
