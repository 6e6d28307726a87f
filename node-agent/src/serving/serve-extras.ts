// What an asset has beside its media, below /v/{asset}/: the poster, and text tracks, cut to segments for HLS and as
// one file for DASH.
import type { IncomingMessage } from "node:http";
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { Manifest, ObjectRef } from "@vstream/core/media.ts";
import { imagesOf, textFiles } from "../packaging/extras.ts";
import { joinText, sliceText } from "../packaging/cut-text.ts";
import { isTextTrack, textSlice } from "../packaging/text-playlist.ts";
import type { HotObjects } from "./hot-objects.ts";
import { cacheControlOf } from "./kept-texts.ts";
import type { KeptTexts } from "./kept-texts.ts";
import type { Manifests } from "./manifests.ts";
import { hashedReply } from "./reply.ts";
import type { Reply } from "./reply.ts";

const textType = "text/vtt";
/** Of a whole track: a hundred times the dialogue of a long film. */
const textByteLimit = 16 * 2 ** 20;
const readsAtOnce = 8;

export interface ExtraFilesDeps {
  readonly manifests: Pick<Manifests, "getManifest">;
  readonly hot: Pick<HotObjects, "get">;
  readonly texts: KeptTexts;
}

export class ExtraFiles {
  readonly #deps: ExtraFilesDeps;

  constructor(deps: ExtraFilesDeps) {
    this.#deps = deps;
  }

  async poster(request: IncomingMessage, assetId: AssetId): Promise<Reply> {
    const manifest = await this.#deps.manifests.getManifest(assetId);
    const object = imagesOf(manifest)?.poster.object;
    if (object === undefined) {
      const hint = "It is made when all of the asset is encoded";
      throw new VsError("not_found", `asset ${assetId} has no poster, or not yet`, { hint });
    }
    const bytes = await this.#deps.hot.get(object, manifest.homeNodeIds);
    const cacheControl = cacheControlOf(manifest);
    return hashedReply(request, { bytes, sha256: object.sha256, type: "image/jpeg", cacheControl });
  }

  /** A segment of a text playlist. Before the track is converted it says that nothing is said. */
  async textSegment(
    request: IncomingMessage,
    assetId: AssetId,
    asked: { track: number; segment: number },
  ): Promise<Reply> {
    const { track, segment } = asked;
    const write = async (manifest: Manifest): Promise<string | null> => {
      const slice = isTextTrack(manifest, track) ? textSlice(manifest, segment) : null;
      if (slice === null) return null;
      const file = textFiles(manifest, track)?.[slice.chunk];
      return sliceText(file === undefined ? null : await this.#read(file, manifest), slice);
    };
    const name = `text ${String(track)} ${String(segment)}`;
    return await this.#text(request, assetId, { name, write });
  }

  /** A whole text track, once it is converted. */
  async wholeText(request: IncomingMessage, assetId: AssetId, track: number): Promise<Reply> {
    const write = async (manifest: Manifest): Promise<string | null> => {
      const files = textFiles(manifest, track);
      return files === null ? null : joinText(await this.#readAll(files, manifest));
    };
    return await this.#text(request, assetId, { name: `text ${String(track)} whole`, write });
  }

  async #text(
    request: IncomingMessage,
    assetId: AssetId,
    wanted: { name: string; write: (manifest: Manifest) => Promise<string | null> },
  ): Promise<Reply> {
    const manifest = await this.#deps.manifests.getManifest(assetId);
    return await this.#deps.texts.reply(request, manifest, {
      ...wanted,
      type: textType,
      what: "such text, or not yet",
    });
  }

  async #readAll(files: readonly ObjectRef[], manifest: Manifest): Promise<string[]> {
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    if (bytes > textByteLimit) throw tooLarge(manifest);
    const texts: string[] = [];
    for (let at = 0; at < files.length; at += readsAtOnce) {
      const some = files.slice(at, at + readsAtOnce);
      texts.push(...(await Promise.all(some.map((file) => this.#read(file, manifest)))));
    }
    return texts;
  }

  async #read(file: ObjectRef, manifest: Manifest): Promise<string> {
    if (file.bytes > textByteLimit) throw tooLarge(manifest);
    const found = await this.#deps.hot.get(file, manifest.homeNodeIds);
    if (Buffer.isBuffer(found)) return found.toString("utf8");
    const parts: Buffer[] = [];
    for await (const part of found.read(0, found.sizeBytes)) parts.push(part);
    return Buffer.concat(parts).toString("utf8");
  }
}

function tooLarge({ assetId }: Manifest): VsError {
  return new VsError("not_found", `a text track of asset ${assetId} is too large to be given`);
}
