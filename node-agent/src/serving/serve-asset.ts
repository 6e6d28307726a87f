// What is written out of an asset's manifest, below /v/{asset}/: playlists, the DASH manifest, the list of thumbnails;
// and the objects that the manifest names. A hash that it does not name is not served, whatever the store holds.
import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { isSha256 } from "@vstream/core/ids.ts";
import type { AssetId, Sha256 } from "@vstream/core/ids.ts";
import type { Manifest } from "@vstream/core/media.ts";
import { dashManifest } from "../packaging/dash-manifest.ts";
import { inEdition } from "../packaging/editions.ts";
import { iframePlaylist } from "../packaging/iframe-playlist.ts";
import { audioPlaylist, videoPlaylist } from "../packaging/media-playlist.ts";
import { multivariantPlaylist } from "../packaging/multivariant-playlist.ts";
import type { Steering } from "../packaging/multivariant-playlist.ts";
import { textPlaylist } from "../packaging/text-playlist.ts";
import { thumbnailsText } from "../packaging/thumbnails.ts";
import { edgeOf } from "../packaging/track-segments.ts";
import type { HotObjects } from "./hot-objects.ts";
import type { KeptTexts } from "./kept-texts.ts";
import type { Manifests } from "./manifests.ts";
import { namedObjects } from "./named-objects.ts";
import type { NamedObject } from "./named-objects.ts";
import { hashedReply } from "./reply.ts";
import type { Reply } from "./reply.ts";

const playlistType = "application/vnd.apple.mpegurl";
const dashType = "application/dash+xml";
/** Manifests whose objects are looked up fast. */
const indexedManifests = 100;

export interface AssetFilesDeps {
  readonly manifests: Pick<Manifests, "getManifest">;
  readonly hot: Pick<HotObjects, "get">;
  readonly texts: KeptTexts;
  readonly clock: Clock;
}

/** Where viewers of an asset are sent; null: nowhere else. */
type Steer = (manifest: Manifest) => Steering | null;

interface AskedRung {
  readonly edition: number;
  readonly rung: string;
}

export class AssetFiles {
  readonly #deps: AssetFilesDeps;
  readonly #named = new LRUCache<AssetId, { version: number; objects: Map<Sha256, NamedObject> }>({
    max: indexedManifests,
  });

  constructor(deps: AssetFilesDeps) {
    this.#deps = deps;
  }

  async index(request: IncomingMessage, assetId: AssetId, steer: Steer): Promise<Reply> {
    const steering = steer(await this.#deps.manifests.getManifest(assetId));
    // Everything that the text says beside the manifest is in its name: few differ, and viewers share them.
    const name = steering === null ? "index" : `index ${JSON.stringify(steering)}`;
    return await this.#playlist(request, {
      assetId,
      name,
      write: (manifest) => multivariantPlaylist(manifest, steering),
    });
  }

  async video(request: IncomingMessage, assetId: AssetId, asked: AskedRung): Promise<Reply> {
    return await this.#ofEdition(request, assetId, { kind: "video", ...asked }, (manifest) =>
      videoPlaylist(manifest, asked.rung),
    );
  }

  async iframes(request: IncomingMessage, assetId: AssetId, asked: AskedRung): Promise<Reply> {
    return await this.#ofEdition(request, assetId, { kind: "iframes", ...asked }, (manifest) =>
      iframePlaylist(manifest, asked.rung),
    );
  }

  async audio(request: IncomingMessage, assetId: AssetId, asked: { edition: number; track: number }): Promise<Reply> {
    const { edition, track } = asked;
    const name = { kind: "audio", edition, rung: String(track) };
    return await this.#ofEdition(request, assetId, name, (manifest) => audioPlaylist(manifest, track));
  }

  async text(request: IncomingMessage, assetId: AssetId, track: number): Promise<Reply> {
    const write = (manifest: Manifest): string | null => textPlaylist(manifest, track);
    return await this.#playlist(request, { assetId, name: `text ${String(track)}`, write });
  }

  async dash(request: IncomingMessage, assetId: AssetId, steer: Steer): Promise<Reply> {
    const pathways = steer(await this.#deps.manifests.getManifest(assetId))?.pathways ?? [];
    const name = `dash ${JSON.stringify(pathways)}`;
    const write = (manifest: Manifest): string =>
      dashManifest(manifest, { pathways, publishedAt: this.#deps.clock.now() });
    return await this.#playlist(request, { assetId, name, write, type: dashType });
  }

  async thumbnails(request: IncomingMessage, assetId: AssetId): Promise<Reply> {
    const manifest = await this.#deps.manifests.getManifest(assetId);
    const what = "thumbnails, or not yet: they are made when all of it is encoded";
    const wanted = { name: "thumbnails", type: "text/vtt", write: thumbnailsText, what };
    return await this.#deps.texts.reply(request, manifest, wanted);
  }

  /** An init or media segment, a picture or text by its hash; the extension must be the one that playlists give it. */
  async object(request: IncomingMessage, assetId: AssetId, file: { hash: string; extension: string }): Promise<Reply> {
    const manifest = await this.#deps.manifests.getManifest(assetId);
    const named = isSha256(file.hash) ? this.#objectsOf(manifest).get(file.hash) : undefined;
    if (named?.extension !== file.extension) {
      throw new VsError("not_found", `asset ${assetId} has no such file`, { hint: "Take URLs from the playlists" });
    }
    const bytes = await this.#deps.hot.get(named.object, manifest.homeNodeIds);
    return hashedReply(request, { bytes, sha256: named.object.sha256, type: named.type });
  }

  // Which editions there are changes with the manifest's version, and so does what is kept of it.
  async #ofEdition(
    request: IncomingMessage,
    assetId: AssetId,
    { kind, edition, rung }: AskedRung & { readonly kind: string },
    write: (manifest: Manifest) => string | null,
  ): Promise<Reply> {
    const writeIt = (manifest: Manifest): string | null => {
      const asked = inEdition(manifest, edition);
      return asked === null ? null : write(asked);
    };
    return await this.#playlist(request, { assetId, name: `${kind} ${String(edition)} ${rung}`, write: writeIt });
  }

  async #playlist(
    request: IncomingMessage,
    wanted: { assetId: AssetId; name: string; write: (manifest: Manifest) => string | null; type?: string },
  ): Promise<Reply> {
    const manifest = await this.#deps.manifests.getManifest(wanted.assetId);
    const write = (from: Manifest): string | null => {
      requirePlayable(from);
      return wanted.write(from);
    };
    const { name, type = playlistType } = wanted;
    return await this.#deps.texts.reply(request, manifest, { name, type, write, what: "such rendition" });
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
