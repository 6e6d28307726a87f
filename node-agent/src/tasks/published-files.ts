// An asset's files as viewers get them once it is complete: playlists are written out of its manifest, and media read
// out of this node's store, or from a holder what is not here. One file at a time is read, of media only the parts that
// are asked for, and these are not held against their hash unless that is wished.
import type { MediaRef } from "@vstream/authoring/parse-media.ts";
import type { SegmentScan } from "@vstream/authoring/segment-scan.ts";
import type { StreamFiles } from "@vstream/authoring/stream-reader.ts";
import { asVsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Manifest, ObjectRef } from "@vstream/core/media.ts";
import { sliceText } from "../packaging/cut-text.ts";
import { dashManifest } from "../packaging/dash-manifest.ts";
import { textFiles } from "../packaging/extras.ts";
import { iframePlaylist } from "../packaging/iframe-playlist.ts";
import { audioPlaylist, videoPlaylist } from "../packaging/media-playlist.ts";
import { multivariantPlaylist } from "../packaging/multivariant-playlist.ts";
import { textPlaylist, textSlice } from "../packaging/text-playlist.ts";
import { PlaceNames } from "./place-names.ts";
import type { WorkDeps } from "./work-deps.ts";

/** Nobody resolves it: URLs need a beginning. */
const base = "http://vstream.invalid/";
/** The boxes of a group of pictures, and the beginning of its first one. */
const windowBytes = 16 * 2 ** 10;

export interface PublishedFilesDeps extends Pick<WorkDeps, "store" | "fetcher"> {
  readonly manifest: Manifest;
  /** Other nodes that hold its objects, best first. */
  readonly holders: readonly NodeId[];
  /** Whether all that is read is held against its hash: then it is read whole. */
  readonly verified: boolean;
  readonly signal: AbortSignal;
}

export class PublishedFiles implements StreamFiles {
  readonly indexUrl = `${base}index.m3u8`;
  readonly #deps: PublishedFilesDeps;
  readonly #names: PlaceNames;

  constructor(deps: PublishedFilesDeps) {
    this.#deps = deps;
    this.#names = new PlaceNames(deps.manifest);
  }

  /** @param publishedAt milliseconds since the epoch */
  mpd(publishedAt: number): { readonly url: string; readonly text: string } {
    return { url: `${base}manifest.mpd`, text: dashManifest(this.#deps.manifest, { pathways: [], publishedAt }) };
  }

  /** What people know a file by: its path, or of an object the rendition and the segment that it is. */
  placeOf(url: string): string {
    return this.#names.nameOf(pathOf(url));
  }

  async readPlaylist(url: string): Promise<string | null> {
    const { manifest } = this.#deps;
    const [, kind = "", name = ""] = /^(video|iframes|audio|text)(?:-e\d+)?\/(.+)\.m3u8$/.exec(pathOf(url)) ?? [];
    const written = {
      "": () => (url === this.indexUrl ? multivariantPlaylist(manifest) : null),
      video: () => videoPlaylist(manifest, decodeURIComponent(name)),
      iframes: () => iframePlaylist(manifest, decodeURIComponent(name)),
      audio: () => audioPlaylist(manifest, Number(name)),
      text: () => textPlaylist(manifest, Number(name)),
    }[kind];
    return await Promise.resolve(written?.() ?? null);
  }

  async readInit({ url }: MediaRef): Promise<Buffer | null> {
    const object = this.#names.objectAt(pathOf(url));
    return object === null ? null : await this.#fetch(object);
  }

  async readText({ url }: MediaRef): Promise<Buffer | null> {
    const { manifest } = this.#deps;
    const [, track, index] = /^text\/(\d+)\/(\d+)\.vtt$/.exec(pathOf(url)) ?? [];
    const slice = textSlice(manifest, Number(index));
    if (slice === null) return null;
    const file = textFiles(manifest, Number(track))?.[slice.chunk];
    const whole = file === undefined ? null : (await this.#fetch(file)).toString("utf8");
    return Buffer.from(sliceText(whole, slice));
  }

  async scanSegment({ url }: MediaRef, scan: SegmentScan): Promise<boolean> {
    const object = this.#names.objectAt(pathOf(url));
    if (object === null) return false;
    this.#deps.signal.throwIfAborted();
    const read = await this.#open(object);
    for (let at = 0; at < object.bytes;) {
      const skipped = Math.min(scan.skippableBytes, object.bytes - at);
      scan.skip(skipped);
      at += skipped;
      const end = Math.min(at + windowBytes, object.bytes);
      if (end > at) scan.push(await read(at, end));
      at = end;
    }
    return true;
  }

  async #open(object: ObjectRef): Promise<(start: number, end: number) => Promise<Buffer>> {
    const { store, verified } = this.#deps;
    let whole = verified || store.sizeOf(object.sha256) !== object.bytes ? await this.#fetch(object) : null;
    return async (start, end) => {
      if (whole === null) {
        try {
          return await store.read(object.sha256, { start, end });
        } catch (thrown) {
          if (!["object_missing", "object_corrupt"].includes(asVsError(thrown).code)) throw thrown;
          whole = await this.#fetch(object);
        }
      }
      return whole.subarray(start, end);
    };
  }

  async #fetch(object: ObjectRef): Promise<Buffer> {
    const { fetcher, holders, signal } = this.#deps;
    return await fetcher.fetchBytes(object, holders, signal);
  }
}

function pathOf(url: string): string {
  return url.startsWith(base) ? url.slice(base.length) : url;
}
